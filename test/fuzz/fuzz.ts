import { OrtrainError } from '../../src/core/errors.ts';
import { sha256 } from '../../src/core/hash.ts';
import { RandomState } from '../../src/core/random.ts';
import { mutated, type Syntax } from './mutate.ts';

/** Something that reads files which others may have made. */
export interface Reader {
  readonly name: string;
  readonly syntax: Syntax;
  /** Files that it reads without complaint. */
  readonly seeds: readonly Buffer[];
  /** What an error has to name: the file, as the reader was given it. */
  readonly file: string;
  /** Its files carry their own sums, so that it accepts no other bytes than its seeds. */
  readonly isSealed?: boolean;
  /**
   * Reads bytes and holds what comes out to a law, such as that writing gives the same again. Throws OrtrainError where the reader
   * refuses them, and any other error where the law is broken.
   */
  read(bytes: Buffer): void | Promise<void>;
}

export interface Failure {
  readonly reader: string;
  readonly seed: number;
  readonly index: number;
  readonly what: string;
}

export interface Fuzzed {
  readonly reader: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly seconds: number;
  readonly failures: readonly Failure[];
}

/** One input may not make the process take more memory than this on top of the most that it ever had. */
const MOST_GROWTH = 300 * 2 ** 20;
/** Of processor time, which other processes do not lengthen. */
const MOST_SECONDS = 5;
/** No sentence is longer; what is wrong with a megabyte is told without the megabyte. */
const LONGEST_MESSAGE = 3000;
const MOST_FAILURES = 20;

/** The input of a number, the same at each call. */
export function inputOf({ name, seeds, syntax }: Reader, seed: number, index: number): Buffer {
  return mutated(seeds, syntax, new RandomState(Number.parseInt(sha256(`${seed} ${name} ${index}`).slice(0, 8), 16)));
}

/** Gives a reader its seeds, which it must accept, and `count` mutations of them, which it must accept or refuse with a sentence. */
export async function fuzz(reader: Reader, count: number, seed: number): Promise<Fuzzed> {
  const began = performance.now();
  for (const bytes of reader.seeds) await reader.read(bytes);
  const failures: Failure[] = [];
  let accepted = 0;
  for (let index = 0; index < count && failures.length < MOST_FAILURES; index += 1) {
    const outcome = await tryInput(reader, inputOf(reader, seed, index));
    if (outcome === 'accepted') accepted += 1;
    else if (outcome !== 'refused') failures.push({ reader: reader.name, seed, index, what: outcome });
  }
  return { reader: reader.name, inputs: count, accepted, seconds: (performance.now() - began) / 1000, failures };
}

/** `accepted`, `refused`, or what is wrong. */
export async function tryInput(reader: Reader, bytes: Buffer, mostSeconds = MOST_SECONDS): Promise<string> {
  const [memory, { user, system }] = [process.resourceUsage().maxRSS, process.cpuUsage()];
  let outcome = 'accepted';
  try {
    await reader.read(bytes);
  } catch (error) {
    outcome = whatIsWrong(error, reader.file) ?? 'refused';
  }
  const spent = process.cpuUsage({ user, system });
  const seconds = (spent.user + spent.system) / 1e6;
  const growth = (process.resourceUsage().maxRSS - memory) * 1024;
  if (seconds > mostSeconds) return `took ${seconds.toFixed(1)} s (${outcome})`;
  if (growth > MOST_GROWTH) return `took ${Math.round(growth / 2 ** 20)} MB (${outcome})`;
  return outcome;
}

function whatIsWrong(error: unknown, file: string): string | undefined {
  if (!(error instanceof OrtrainError)) return error instanceof Error ? (error.stack ?? error.message) : `threw ${String(error)}`;
  const { message, subject, remedy, problems } = error;
  if (!message.includes(file) && !problems.some((problem) => problem.file === file))
    return `does not name ${file}: ${message} (about ${subject})`;
  const texts = [message, remedy ?? '', ...problems.flatMap((problem) => [problem.message, problem.suggestion ?? '', problem.field ?? ''])];
  const long = texts.find((text) => text.length > LONGEST_MESSAGE);
  return long === undefined ? undefined : `says ${long.length} characters: ${long.slice(0, 200)}…`;
}

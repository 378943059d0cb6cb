import { join } from 'node:path';
import { fuzz, inputOf, tryInput, type Failure, type Reader } from './fuzz.ts';
import { modelReaders } from './model-readers.ts';
import { runReaders } from './run-readers.ts';
import { textReaders } from './text-readers.ts';
import { tokenizerReaders } from './tokenizer-readers.ts';
import { torchReaders } from './torch-readers.ts';

export async function allReaders(folder: string): Promise<readonly Reader[]> {
  return [
    ...textReaders(join(folder, 'texts')),
    ...(await modelReaders(join(folder, 'models'))),
    ...tokenizerReaders(join(folder, 'tokenizers')),
    ...torchReaders(),
    ...(await runReaders(join(folder, 'runs'))),
  ];
}

/** What went wrong, and how to see it again alone. */
export function told({ what, seed, reader, index }: Failure): string {
  return `${what}\n  again: npx tsx test/fuzz/run.ts 1 ${seed} '${reader}' ${index}`;
}

export interface FuzzOptions {
  /** Inputs for each reader. */
  readonly count: number;
  readonly seed: number;
  /** Name of the one reader to try. */
  readonly only?: string;
  /** Number of the one input to try. */
  readonly index?: number;
}

/** Fuzzes all readers, or tries one input again; answers with the number of failures, each of which is reported with how to repeat it. */
export async function fuzzAll(folder: string, { count, seed, only, index }: FuzzOptions, report: (line: string) => void): Promise<number> {
  const readers = (await allReaders(folder)).filter(({ name }) => only === undefined || name === only);
  if (readers.length === 0) throw new Error(`there is no reader ${only}`);
  let failed = 0;
  for (const reader of readers) {
    if (index !== undefined) {
      const bytes = inputOf(reader, seed, index);
      const outcome = await tryInput(reader, bytes);
      report(`${JSON.stringify(bytes.toString('latin1').slice(0, 3000))}\n${outcome}`);
      failed += Number(outcome !== 'accepted' && outcome !== 'refused');
      continue;
    }
    const { accepted, seconds, failures } = await fuzz(reader, count, seed);
    report(`${reader.name}: ${count} inputs, ${accepted} accepted, ${failures.length} failures, ${seconds.toFixed(1)} s`);
    for (const failure of failures) report(`  ${told(failure)}`);
    failed += failures.length;
  }
  return failed;
}

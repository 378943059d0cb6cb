import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { tokenizerFiles } from '../src/data/tokenizer/index.ts';
import { encodeTexts, loadTokenizer } from '../src/data/tokens/index.ts';
import { none, times, type Finding, type Measurement, type Setting } from './measurement.ts';
import { openAnswers } from './python.ts';
import { median } from './turns.ts';
import { trainTexts, type Tweets } from './tweets.ts';

export interface TokenizersOptions {
  readonly tweets: Tweets;
  /** Model directories. */
  readonly folders: readonly string[];
}

const rounds = 5;
/** Texts for the measurement in threads: the tweets so many times, each time with other ends, so that no whole text repeats. */
const copies = 6;

/** Texts a second through the tokenizers of models, beside Python's tokenizers and, where it is installed, sentencepiece. */
export function measureTokenizers(setting: Setting, options: TokenizersOptions): Measurement {
  return {
    title: 'tokenizers, tweets a second',
    columns: [
      'tokenizer',
      'ortrain, one core',
      'tokenizers, one core',
      'sentencepiece, one core',
      'ortrain is faster than tokenizers',
      `ortrain, ${setting.threads} threads`,
      `tokenizers, ${setting.threads} threads`,
      'ortrain is faster',
    ],
    findings: findings(setting, options),
  };
}

interface Answer {
  readonly version: string;
  readonly alone: number | null;
  readonly batch: number | null;
  readonly sentencepiece: number | null;
}

async function* findings({ threads, python }: Setting, { tweets, folders }: TokenizersOptions): AsyncGenerator<Finding> {
  const { texts } = await trainTexts(tweets);
  const many = Array.from({ length: copies }, (_, copy) => texts.map((text) => `${text} ${copy}`)).flat();
  const folder = mkdtempSync(join(tmpdir(), 'ortrain-bench-'));
  const [few, all] = [join(folder, 'texts.json'), join(folder, 'many.json')];
  writeFileSync(few, JSON.stringify(texts));
  writeFileSync(all, JSON.stringify(many));
  const library = python === undefined ? undefined : openAnswers(python, 'tokenizing.py');
  try {
    for (const [name, files] of folders.flatMap(tokenizersOf)) {
      const spm = Object.keys(files).find((file) => file.endsWith('.model'));
      const ask = (path: string): Promise<Answer> | undefined =>
        library?.ask<Answer>({
          tokenizer: files['tokenizer.json'] ?? null,
          sentencepiece: spm === undefined ? null : files[spm],
          texts: path,
          threads,
        });
      const [ours, theirs]: [number[], Answer[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        ours.push(await processorSeconds(files, texts));
        const answer = await ask(few);
        if (answer !== undefined) theirs.push(answer);
      }
      const inThreads = await clockSeconds(files, many, threads);
      const batch = (await ask(all))?.batch ?? null;
      const of = (count: number, seconds: number | null): string => (seconds === null ? none : (count / seconds).toFixed(0));
      const middle = (pick: (answer: Answer) => number | null): number | null => {
        const values = theirs.flatMap((answer) => pick(answer) ?? []);
        return values.length === 0 ? null : median(values.toSorted((a, b) => a - b));
      };
      const [alone, mine] = [middle((answer) => answer.alone), median(ours.toSorted((a, b) => a - b))];
      yield [
        name,
        of(texts.length, mine),
        of(texts.length, alone),
        of(texts.length, middle((answer) => answer.sentencepiece)),
        alone === null ? none : times(alone, mine),
        of(many.length, inThreads),
        of(many.length, batch),
        batch === null ? none : times(batch, inThreads),
      ];
    }
    yield (
      `One core: the median of ${rounds} turns of processor time over ${texts.length} tweets, each with a tokenizer that was just opened. ` +
      `Threads: the clock, with the threads' start, over ${many.length}.`
    );
  } finally {
    await library?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Files = Readonly<Record<string, string>>;

/** Of a folder with a SentencePiece model and a tokenizer.json, both. */
function tokenizersOf(folder: string): readonly (readonly [name: string, files: Files])[] {
  const files = tokenizerFiles(folder);
  const spm = Object.keys(files).find((file) => file.endsWith('.model'));
  const { 'tokenizer.json': definition } = files;
  const name = basename(folder);
  if (spm === undefined || definition === undefined) return [[`${name}, ${spm ?? Object.keys(files)[0]}`, files]];
  return [[`${name}, ${spm}`, files], [`${name}, tokenizer.json`, { 'tokenizer.json': definition }]];
}

async function processorSeconds(files: Files, texts: readonly string[]): Promise<number> {
  const tokenizer = await loadTokenizer(files);
  const before = process.cpuUsage();
  for (const text of texts) tokenizer.encode(text, Number.MAX_SAFE_INTEGER);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function clockSeconds(files: Files, texts: readonly string[], threads: number): Promise<number> {
  const tokenizer = await loadTokenizer(files);
  const start = performance.now();
  await encodeTexts(tokenizer, texts, 512, { threads });
  return (performance.now() - start) / 1000;
}

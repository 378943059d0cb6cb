import type { Worker } from 'node:worker_threads';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OrtrainError } from '../../core/errors.ts';
import { unpackError } from '../../core/packed-errors.ts';
import { count } from '../../core/text.ts';
import { moduleBeside, openThread } from '../../core/threads.ts';
import { required, valueAt } from '../../core/values.ts';
import { quoted } from '../problems.ts';
import { joinedTokens, throwIfNoRoom, tokenize, type TokenSet } from './tokens.ts';
import type { Text } from '../texts/index.ts';
import type { EncodedSlice, EncodingData, EncodingMessage, EncodingRequest } from './encoding-thread.ts';
import type { Tokenizer, Truncation } from '../tokenizer/index.ts';

export interface EncodingOptions {
  /** How many threads may encode; 1 where it is left out. */
  readonly threads?: number;
  /** Hears how many texts are done, several times a second, and may throw to stop. */
  readonly onProgress?: (done: number) => void;
  /** Which of two texts is cut; `longest_first` where it is left out. */
  readonly truncation?: Truncation;
  /** How long one text may take by a tokenizer with patterns. */
  readonly budgetMs?: number;
}

/**
 * `tokenize`, of as many texts as there may be, without keeping this thread busy for long: beyond some thousands of texts by the
 * threads given, and by threads that can be ended where the tokenizer has patterns of others. Ids do not depend on the threads.
 * A `data` error that names the text and the pattern where a text takes longer than the budget.
 */
export async function encodeTexts(
  tokenizer: Tokenizer,
  texts: readonly Text[],
  maxLength: number,
  options: EncodingOptions = {},
): Promise<TokenSet> {
  throwIfNoRoom(tokenizer, maxLength, texts);
  const { threads = 1, onProgress = () => {}, truncation = 'longest_first' } = options;
  const isForeign = tokenizer.patterns.sources.length > 0;
  onProgress(0);
  const slices = Array.from({ length: Math.ceil(texts.length / SLICE) }, (_, i) => texts.slice(i * SLICE, (i + 1) * SLICE));
  const workers = Math.min(slices.length, Math.max(isForeign ? 1 : 0, texts.length < WORTH_THREADS ? 0 : threads));
  if (!isForeign && workers < 2) {
    const parts: TokenSet[] = [];
    for (const [i, slice] of slices.entries()) {
      parts.push(tokenize(tokenizer, slice, maxLength, { truncation, firstRow: i * SLICE }));
      onProgress(Math.min(texts.length, (i + 1) * SLICE));
      await nextTurn();
    }
    return joinedTokens(parts, tokenizer.padId);
  }
  return joinedTokens(
    await inThreads(tokenizer, slices, {
      maxLength,
      truncation,
      workers,
      onProgress,
      budgetMs: isForeign ? (options.budgetMs ?? BUDGET_MS) : Infinity,
    }),
    tokenizer.padId,
  );
}

/** Texts that are encoded between two looks at whatever else is to be done; takes some 50 ms. */
const SLICE = 1024;
/** A thread takes as long to start as it takes to encode some thousands of texts. */
const WORTH_THREADS = 20_000;
/** A pattern that does its work takes microseconds. */
const BUDGET_MS = 10_000;
const LOOK_EVERY_MS = 100;

interface Plan {
  readonly maxLength: number;
  readonly truncation: Truncation;
  readonly workers: number;
  readonly onProgress: (done: number) => void;
  readonly budgetMs: number;
}

async function inThreads(
  tokenizer: Tokenizer,
  slices: readonly (readonly Text[])[],
  { maxLength, truncation, workers, onProgress, budgetMs }: Plan,
): Promise<readonly EncodedSlice[]> {
  const results: EncodedSlice[] = [];
  const waiting = slices.entries();
  const threads = Array.from({ length: workers }, () => openEncodingThread(tokenizer, maxLength, truncation));
  let done = 0;
  let timer: NodeJS.Timeout | undefined;
  try {
    const watching = new Promise<never>((_, reject) => {
      timer = setInterval(() => {
        try {
          onProgress(done);
          for (const thread of threads) throwIfStuck(thread, tokenizer, slices, budgetMs);
        } catch (error) {
          reject(error as Error);
        }
      }, LOOK_EVERY_MS);
    });
    // The error of the first text that has one, whichever thread is the first to meet one.
    const failed: { readonly slice: number; readonly error: unknown }[] = [];
    const lane = async (thread: EncodingThread): Promise<void> => {
      for (const [i, slice] of waiting) {
        try {
          results[i] = await thread.encode(i, slice);
        } catch (error) {
          failed.push({ slice: i, error });
        }
        if (failed.length > 0) return;
        done += slice.length;
      }
    };
    await Promise.race([Promise.all(threads.map(lane)), watching]);
    if (failed.length > 0) throw failed.reduce((first, each) => (each.slice < first.slice ? each : first)).error;
    onProgress(done);
    return results;
  } finally {
    clearInterval(timer);
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

interface EncodingThread {
  encode(slice: number, texts: readonly Text[]): Promise<EncodedSlice>;
  /** The text and the pattern that are at work, as numbers; undefined where none is. */
  at(): { readonly slice: number; readonly row: number; readonly pattern: number } | undefined;
  /** Since when that has been so. */
  readonly since: { key: string; time: number };
  end(): Promise<void>;
}

function openEncodingThread({ files }: Tokenizer, maxLength: number, truncation: Truncation): EncodingThread {
  const place = new Int32Array(new SharedArrayBuffer(8));
  const data: EncodingData = { files, maxLength, truncation, at: place.buffer };
  const thread: Worker = openThread(moduleBeside(import.meta.url, 'encoding-thread'), data);
  let current: number | undefined;
  return {
    async encode(slice, texts) {
      Atomics.store(place, 0, NOT_BEGUN);
      current = slice;
      const answer = await new Promise<EncodingMessage>((resolve, reject) => {
        const ended = (code: number): void => reject(new Error(`the thread that encodes texts ended with code ${code}`));
        thread.once('error', reject).once('exit', ended);
        thread.once('message', (message: EncodingMessage) => {
          thread.off('error', reject).off('exit', ended);
          resolve(message);
        });
        thread.postMessage({ texts, firstRow: slice * SLICE } satisfies EncodingRequest);
      });
      current = undefined;
      if ('error' in answer) throw unpackError(answer.error);
      return answer;
    },
    at() {
      const row = Atomics.load(place, 0);
      return current === undefined || row === NOT_BEGUN ? undefined : { slice: current, row, pattern: Atomics.load(place, 1) };
    },
    since: { key: '', time: 0 },
    async end() {
      await thread.terminate();
    },
  };
}

const NOT_BEGUN = -1;

function throwIfStuck(
  { at, since }: EncodingThread,
  { patterns, files }: Tokenizer,
  slices: readonly (readonly Text[])[],
  budgetMs: number,
): void {
  const now = performance.now();
  const place = at();
  const key = place === undefined ? '' : `${place.slice}:${place.row}`;
  if (place === undefined || key !== since.key) {
    since.key = key;
    since.time = now;
    return;
  }
  if (now - since.time < budgetMs) return;
  const text = valueAt(valueAt(slices, place.slice), place.row);
  const pattern = valueAt(patterns.sources, place.pattern);
  const path = required(files['tokenizer.json'], 'tokenizer.json');
  throw new OrtrainError(
    'data',
    `text ${count(place.slice * SLICE + place.row + 1)} cannot be tokenized: a pattern of ${path} has not come to ` +
      `an end after ${budgetMs / 1000} s`,
    {
      subject: path,
      problems: [
        { message: `the pattern ${quoted(pattern)}`, file: path },
        { message: `the text ${quoted(typeof text === 'string' ? text : text.join(' '))}` },
      ],
      remedy:
        'Such a pattern tries a number of ways that doubles with each character, often because it repeats a repetition. Take another ' +
          'model.base, or write the pattern without that.',
    },
  );
}

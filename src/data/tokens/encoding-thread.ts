import { parentPort, workerData } from 'node:worker_threads';
import { packError, type ErrorMessage } from '../../core/packed-errors.ts';
import { tokenize } from './tokens.ts';
import { loadTokenizer } from '../tokenizer/index.ts';

/* The main module of a thread that encodes texts, a slice of them at a time. */

export interface EncodingData {
  readonly files: Readonly<Record<string, string>>;
  readonly maxLength: number;
  /** Shared: the row of the slice that is at work, and the number of the pattern. */
  readonly at: SharedArrayBuffer;
}

export interface EncodedSlice {
  readonly offsets: Int32Array<ArrayBuffer>;
  readonly ids: Int32Array<ArrayBuffer>;
  readonly truncated: number;
  readonly unknown: number;
}

export type EncodingMessage = EncodedSlice | { readonly error: ErrorMessage };

const { files, maxLength, at } = workerData as EncodingData;
const place = new Int32Array(at);
const loading = loadTokenizer(files);
loading.catch(() => {}); // told with the first slice

async function encode(texts: readonly string[]): Promise<EncodingMessage> {
  try {
    const tokenizer = await loading;
    tokenizer.patterns.onSearch = (number) => Atomics.store(place, 1, number);
    const { offsets, ids, truncated, unknown } = tokenize(tokenizer, texts, maxLength, (row) => Atomics.store(place, 0, row), 1);
    return { offsets: offsets as Int32Array<ArrayBuffer>, ids: ids as Int32Array<ArrayBuffer>, truncated, unknown };
  } catch (error) {
    return { error: packError(error) };
  }
}

parentPort?.on('message', (texts: readonly string[]) => {
  void encode(texts).then((message) =>
    parentPort?.postMessage(message, 'error' in message ? [] : [message.offsets.buffer, message.ids.buffer]),
  );
});

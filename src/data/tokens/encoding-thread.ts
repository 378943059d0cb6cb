import { parentPort, workerData } from 'node:worker_threads';
import { packError, type ErrorMessage } from '../../core/packed-errors.ts';
import { tokenize } from './tokens.ts';
import type { Text } from '../texts/index.ts';
import { loadTokenizer, type Truncation } from '../tokenizer/index.ts';

/* The main module of a thread that encodes texts, a slice of them at a time. */

export interface EncodingData {
  readonly files: Readonly<Record<string, string>>;
  readonly maxLength: number;
  readonly truncation: Truncation;
  /** Shared: the row of the slice that is at work, and the number of the pattern. */
  readonly at: SharedArrayBuffer;
}

export interface EncodingRequest {
  readonly texts: readonly Text[];
  /** The number of the first of them among all. */
  readonly firstRow: number;
}

export interface EncodedSlice {
  readonly offsets: Int32Array<ArrayBuffer>;
  readonly ids: Int32Array<ArrayBuffer>;
  readonly types: Int32Array<ArrayBuffer> | undefined;
  readonly truncated: number;
  readonly unknown: number;
}

export type EncodingMessage = EncodedSlice | { readonly error: ErrorMessage };

const { files, maxLength, truncation, at } = workerData as EncodingData;
const place = new Int32Array(at);
const loading = loadTokenizer(files);
loading.catch(() => {}); // told with the first slice

async function encode({ texts, firstRow }: EncodingRequest): Promise<EncodingMessage> {
  try {
    const tokenizer = await loading;
    tokenizer.patterns.onSearch = (number) => Atomics.store(place, 1, number);
    const options = { onProgress: (row: number) => void Atomics.store(place, 0, row), every: 1, truncation, firstRow };
    const { offsets, ids, types, truncated, unknown } = tokenize(tokenizer, texts, maxLength, options);
    type Own = Int32Array<ArrayBuffer>;
    return { offsets: offsets as Own, ids: ids as Own, types: types as Own | undefined, truncated, unknown };
  } catch (error) {
    return { error: packError(error) };
  }
}

parentPort?.on('message', (request: EncodingRequest) => {
  void encode(request).then((message) =>
    parentPort?.postMessage(message, 'error' in message ? [] : buffersOf(message)),
  );
});

const buffersOf = ({ offsets, ids, types }: EncodedSlice): readonly ArrayBuffer[] =>
  [offsets, ids, ...(types === undefined ? [] : [types])].map(({ buffer }) => buffer);

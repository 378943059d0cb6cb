import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { OrtrainError } from '../core/errors.ts';
import { unreadable } from '../core/inputs.ts';
import { openTensorFile } from '../data/hub/index.ts';
import { tokenLengths, tokensOf, type TokenSet } from '../data/tokens/index.ts';
import { batchFeeds, float16Bits, fromFloat16, safetensorsHeader, stateFeeds, type EncoderConfig } from '../engine/models/index.ts';
import type { BatchSource } from './batch-source.ts';

/** How hidden states are kept on the disk. */
export type Store = 'float16' | 'float32';

/** Hidden states of texts, one after the other, without padding: never in memory as a whole. */
export interface StateWriter {
  /**
   * Of one text: `hidden` [tokens, hidden], and what the pooling reads of the states below, [lower]. Throws OrtrainError `run` for numbers
   * that the store cannot hold.
   */
  write(row: number, hidden: Float32Array, lower: Float32Array): void;
  close(): void;
}

export interface StateShape {
  /** The number of the hidden state. */
  readonly state: number;
  /** Numbers of a token. */
  readonly width: number;
  /** Numbers of a text that the pooling reads of lower states; 0 where it reads none. */
  readonly lower: number;
  readonly store: Store;
}

/** The largest float16. */
const MOST_FLOAT16 = 65504;

/**
 * A safetensors file of two tensors: `hidden` [tokens of all texts, hidden] and, where there is any, `lower` [texts, numbers] as float32.
 *
 * @param lengths tokens of each text
 */
export function createStates(path: string, lengths: Int32Array, { state, width, lower, store }: StateShape): StateWriter {
  const starts = startsOf(lengths);
  const header = safetensorsHeader(
    [
      { name: 'hidden', dtype: store === 'float16' ? 'F16' : 'F32', shape: [starts.at(-1)!, width] },
      ...(lower === 0 ? [] : [{ name: 'lower', dtype: 'F32', shape: [lengths.length, lower] } as const]),
    ],
    { state: String(state) },
  );
  const size = store === 'float16' ? 2 : 4;
  const afterHidden = header.length + size * width * starts.at(-1)!;
  const file = openSync(path, 'wx');
  writeFully(file, header, 0);
  return {
    write(row, hidden, ofLower) {
      if (store === 'float16' && hidden.some((x) => !(Math.abs(x) <= MOST_FLOAT16))) throw tooLarge();
      writeFully(file, bytesOf(store === 'float16' ? float16Bits(hidden) : hidden), header.length + size * width * starts[row]!);
      if (lower > 0) writeFully(file, bytesOf(ofLower), afterHidden + 4 * lower * row);
    },
    close() {
      fsyncSync(file);
      closeSync(file);
    },
  };
}

function tooLarge(): OrtrainError {
  return new OrtrainError('run', 'a frozen layer computed a number that float16 cannot hold', {
    subject: 'model.freeze.store',
    remedy: 'Set model.freeze.store: float32, which takes twice the disk space.',
  });
}

/** Hidden states in a file; of it only the rows of a batch are in memory. */
export interface StateSet {
  readonly path: string;
  readonly tokens: TokenSet;
}

/**
 * Batches of hidden states, padded with zeros, and their number. Throws OrtrainError `data` for a file that does not belong to the tokens.
 */
export function stateSource({ path, tokens }: StateSet, encoder: EncoderConfig): BatchSource & { readonly state: number } {
  const { entries, metadata } = openTensorFile(path);
  const [hidden, lower] = [entries.get('hidden'), entries.get('lower')];
  const { offsets } = tokens;
  const [count = 0, width = 0] = hidden?.shape ?? [];
  if (hidden === undefined || count !== offsets.at(-1) || width !== encoder.hiddenSize)
    throw unreadable(path, 'it does not hold the hidden states of these tokens');
  const isHalf = hidden.dtype === 'F16';
  const size = isHalf ? 2 : 4;
  const lowerWidth = lower?.shape[1] ?? 0;
  const file = openSync(path, 'r');
  return {
    state: Number(metadata['state']),
    lengths: tokenLengths(tokens),
    feeds(rows, S) {
      const states = new Float32Array(rows.length * S * width);
      const below = new Float32Array(rows.length * lowerWidth);
      rows.forEach((row, b) => {
        const [start, end] = [offsets[row]!, offsets[row + 1]!];
        const into = states.subarray(b * S * width, (b * S + end - start) * width);
        const bytes = readFully(file, path, hidden.begin + size * width * start, size * width * (end - start));
        if (isHalf) fromFloat16(new Uint16Array(bytes), into);
        else into.set(new Float32Array(bytes));
        if (lower !== undefined)
          below.set(new Float32Array(readFully(file, path, lower.begin + 4 * lowerWidth * row, 4 * lowerWidth)), b * lowerWidth);
      });
      const { ids, types } = tokensOf(tokens, rows);
      return { ...batchFeeds(encoder, ids, S, types), ...stateFeeds(encoder, rows.length, states, below) };
    },
    close: () => closeSync(file),
  };
}

/** Where each text begins, and where the last one ends. */
function startsOf(lengths: Int32Array): Float64Array {
  const starts = new Float64Array(lengths.length + 1);
  lengths.forEach((length, row) => (starts[row + 1] = starts[row]! + length));
  return starts;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function writeFully(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

function readFully(file: number, path: string, at: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(file, bytes, done, length - done, at + done);
    if (count === 0) throw unreadable(path, 'it ended while it was being read');
    done += count;
  }
  return bytes.buffer;
}

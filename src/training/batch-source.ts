import { tokenLengths, tokensOf, type TokenSet } from '../data/tokens/index.ts';
import { batchFeeds, featureFeeds, type EncoderConfig } from '../engine/models/index.ts';
import type { Feeds } from '../engine/program.ts';

/** Where the tensors of a batch come from: token ids for a whole model, an encoder's features for a head alone. */
export interface BatchSource {
  /** Tokens of each row; for features all are 1. */
  readonly lengths: Int32Array;
  /** The model's inputs for a batch of rows, padded to `width` tokens. */
  feeds(rows: Int32Array, width: number): Feeds;
  /** Gives back the file that it reads, where it does. */
  close?(): void;
}

export function tokenSource(tokens: TokenSet, encoder: EncoderConfig): BatchSource {
  return {
    lengths: tokenLengths(tokens),
    feeds(rows, width) {
      const { ids, types } = tokensOf(tokens, rows);
      return batchFeeds(encoder, ids, width, types);
    },
  };
}

/** Features of texts, row-major [rows, width]. */
export interface FeatureSet {
  readonly width: number;
  readonly values: Float32Array;
}

export function featureSource({ width, values }: FeatureSet): BatchSource {
  return {
    lengths: new Int32Array(values.length / width).fill(1),
    feeds(rows) {
      const batch = new Float32Array(rows.length * width);
      rows.forEach((row, i) => batch.set(values.subarray(row * width, (row + 1) * width), i * width));
      return featureFeeds(batch, width);
    },
  };
}

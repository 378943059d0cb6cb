import type { TokenSet } from '../data/tokens.ts';
import { batchFeeds, featureFeeds, type EncoderConfig } from '../engine/models/index.ts';
import type { Feeds } from '../engine/program.ts';

/** Where the tensors of a batch come from: token ids for a whole model, an encoder's features for a head alone. */
export interface BatchSource {
  /** Tokens of each row; for features all are 1. */
  readonly lengths: Int32Array;
  /** The graph inputs of a batch of rows, padded to `width` tokens; with labels (a class number a row) for a training step. */
  feeds(rows: Int32Array, width: number, labels?: Int32Array): Feeds;
}

export function tokenSource(tokens: TokenSet, encoder: EncoderConfig, outputs: number): BatchSource {
  const lengths = new Int32Array(tokens.offsets.length - 1).map((_, row) => (tokens.offsets[row + 1] ?? 0) - (tokens.offsets[row] ?? 0));
  return {
    lengths,
    feeds: (rows, width, labels) => batchFeeds(encoder, [...rows].map((row) => tokens.row(row)), { width, outputs, ...(labels === undefined ? {} : { labels }) }),
  };
}

/** Rows of encoder features: row-major [rows, width]. */
export interface FeatureSet {
  readonly width: number;
  readonly values: Float32Array;
}

export function featureSource(features: FeatureSet, outputs: number): BatchSource {
  const { width, values } = features;
  return {
    lengths: new Int32Array(values.length / width).fill(1),
    feeds(rows, _width, labels) {
      const batch = new Float32Array(rows.length * width);
      rows.forEach((row, i) => batch.set(values.subarray(row * width, (row + 1) * width), i * width));
      return featureFeeds(batch, width, { outputs, ...(labels === undefined ? {} : { labels }) });
    },
  };
}

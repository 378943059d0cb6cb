import { valueAt } from '../../core/values.ts';
import { RandomState, seedFor } from '../../core/random.ts';

/** Rows that go through the model together, each padded to `width` tokens. */
export interface Batch {
  /** Positions in the lengths that the batches were made from. */
  readonly rows: Int32Array;
  readonly width: number;
}

export interface BatchOptions {
  readonly batchSize: number;
  readonly batching: 'length-buckets' | 'shuffled';
  /** To the longest text of the batch, or to `maxLength`. */
  readonly padding: 'longest' | 'max';
  readonly maxLength: number;
  readonly seed: number;
  /** The rows come in another order each epoch. */
  readonly epoch: number;
}

/**
 * One epoch's batches: every row exactly once, in an order that follows from seed and epoch; one batch may be short.
 * `length-buckets` shuffles the rows, sorts them by length within pools of 20 batches, so that texts of a batch are about
 * equally long, and shuffles the batches; `shuffled` takes the shuffled rows as they come.
 *
 * @param lengths tokens of each row
 */
export function planBatches(lengths: Int32Array, options: BatchOptions): readonly Batch[] {
  const { batchSize, batching, padding, maxLength, seed, epoch } = options;
  const rng = new RandomState(seedFor(seed, 'batches', epoch));
  const order = rng.permutation(lengths.length);
  if (batching === 'length-buckets') {
    for (const pool of chunks(order, POOL_BATCHES * batchSize)) pool.sort((a, b) => valueAt(lengths, a) - valueAt(lengths, b));
  }
  const batches = chunks(order, batchSize).map((rows) => ({ rows, width: padding === 'max' ? maxLength : longest(lengths, rows) }));
  if (batching === 'length-buckets') rng.shuffle(batches);
  return batches;
}

/** Batches to predict with: rows by falling length, so that the one that needs most memory comes first. Each row once. */
export function evaluationBatches(lengths: Int32Array, batchSize: number): readonly Batch[] {
  const order = Int32Array.from(lengths.keys()).sort((a, b) => valueAt(lengths, b) - valueAt(lengths, a) || a - b);
  return chunks(order, batchSize).map((rows) => ({ rows, width: valueAt(lengths, valueAt(rows, 0)) }));
}

/**
 * Batches to predict a few rows with, in as little time as may be: rows of about one length go together, and a batch ends where the
 * padding of one more row would cost more than another batch does. Longest first; each row once. Predictions are those of
 * `evaluationBatches`, up to rounding.
 */
export function leastWorkBatches(lengths: Int32Array, batchSize: number): readonly Batch[] {
  const order = Int32Array.from(lengths.keys()).sort((a, b) => valueAt(lengths, b) - valueAt(lengths, a) || a - b);
  // best[i]: the least cost of the first i rows, in positions; start[i]: where the last batch of these begins.
  const best = new Float64Array(order.length + 1).fill(Infinity);
  const start = new Int32Array(order.length + 1);
  best[0] = 0;
  for (let end = 1; end <= order.length; end++) {
    for (let from = Math.max(0, end - batchSize); from < end; from++) {
      const cost = valueAt(best, from) + BATCH_POSITIONS + (end - from) * valueAt(lengths, valueAt(order, from));
      if (cost >= valueAt(best, end)) continue;
      best[end] = cost;
      start[end] = from;
    }
  }
  const batches: Batch[] = [];
  for (let end = order.length; end > 0; end = valueAt(start, end)) {
    const rows = order.subarray(valueAt(start, end), end);
    batches.unshift({ rows, width: valueAt(lengths, valueAt(rows, 0)) });
  }
  return batches;
}

/**
 * What a batch costs besides its positions, in positions: its weights are read once, which for MiniLM on a CPU takes 2.0 to 2.3 ms, and a
 * position takes 0.14 ms. Both grow alike with the model.
 */
const BATCH_POSITIONS = 16;

/** Batches, and so optimizer steps, of one epoch. */
export function batchCount(rows: number, batchSize: number): number {
  return Math.ceil(rows / batchSize);
}

/** How many tokens the batches hold, and how many positions: tokens and padding. */
export function batchTokens(lengths: Int32Array, batches: readonly Batch[]): { readonly tokens: number; readonly positions: number } {
  let [tokens, positions] = [0, 0];
  for (const { rows, width } of batches) {
    positions += rows.length * width;
    for (const row of rows) tokens += valueAt(lengths, row);
  }
  return { tokens, positions };
}

/** The share of all positions that hold padding, 0 to 1. */
export function paddingShare({ tokens, positions }: { readonly tokens: number; readonly positions: number }): number {
  return positions === 0 ? 0 : 1 - tokens / positions;
}

/** Large enough that little padding is left (5 % of the positions for tweets, against 43 % unsorted), small enough to stay random. */
const POOL_BATCHES = 20;

/** Views of `size` elements each, the last one shorter where they do not come out even. */
function chunks(values: Int32Array, size: number): Int32Array[] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.subarray(i * size, (i + 1) * size));
}

function longest(lengths: Int32Array, rows: Int32Array): number {
  return rows.reduce((most, row) => Math.max(most, valueAt(lengths, row)), 0);
}

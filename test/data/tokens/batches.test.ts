import { describe, expect, it } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import {
  batchCount,
  batchTokens,
  evaluationBatches,
  leastWorkBatches,
  paddingShare,
  planBatches,
  type Batch,
  type BatchOptions,
} from '../../../src/data/tokens/batches.ts';

const options: BatchOptions = { batchSize: 32, batching: 'length-buckets', padding: 'longest', maxLength: 169, seed: 42, epoch: 1 };

/** Lengths spread about as those of tweets: mean 33, most between 8 and 60. */
function tweetLengths(rows: number, seed: number): Int32Array {
  const rng = new RandomState(seed);
  return new Int32Array(rows).map(() => Math.min(84, Math.max(3, Math.round(33 + 11 * rng.normal()))));
}

const rowsOf = (batches: readonly Batch[]): number[] => batches.flatMap(({ rows }) => [...rows]);
const sorted = (rows: readonly number[]): number[] => [...rows].sort((a, b) => a - b);
const plain = (batches: readonly Batch[]) => batches.map(({ rows, width }) => ({ rows: [...rows], width }));

describe('planBatches', () => {
  it('holds every row exactly once, in full batches but for one', () => {
    for (const batching of ['length-buckets', 'shuffled'] as const) {
      for (const [rows, batchSize] of [[1000, 32], [1000, 7], [640, 32], [5, 32], [1, 1], [0, 4]] as const) {
        const lengths = tweetLengths(rows, rows + 1);
        const batches = planBatches(lengths, { ...options, batching, batchSize });
        expect(sorted(rowsOf(batches))).toEqual([...lengths.keys()]);
        expect(batches).toHaveLength(batchCount(rows, batchSize));
        expect(batches.filter((batch) => batch.rows.length < batchSize).length).toBe(rows % batchSize === 0 ? 0 : 1);
        for (const batch of batches) expect(batch.width).toBe(Math.max(...[...batch.rows].map((row) => lengths[row]!)));
      }
    }
  });

  it('follows from seed and epoch', () => {
    const lengths = tweetLengths(500, 1);
    const batches = plain(planBatches(lengths, options));
    expect(plain(planBatches(lengths, options))).toEqual(batches);
    expect(plain(planBatches(lengths, { ...options, epoch: 2 }))).not.toEqual(batches);
    expect(plain(planBatches(lengths, { ...options, seed: 43 }))).not.toEqual(batches);
  });

  it('pads little in buckets, and the batches are not in order of length', () => {
    const lengths = tweetLengths(7613, 3);
    const buckets = planBatches(lengths, options);
    const shuffled = planBatches(lengths, { ...options, batching: 'shuffled' });
    expect(paddingShare(batchTokens(lengths, buckets))).toBeLessThan(0.1);
    expect(paddingShare(batchTokens(lengths, shuffled))).toBeGreaterThan(0.3);
    const rises = buckets.filter((batch, i) => i > 0 && batch.width > buckets[i - 1]!.width).length;
    expect(rises / buckets.length).toBeGreaterThan(0.3);
    expect(rises / buckets.length).toBeLessThan(0.7);
  });

  it('mixes rows anew each epoch, so that neighbours part', () => {
    const lengths = tweetLengths(7613, 4);
    const pairs = (epoch: number): Set<string> =>
      new Set(
        planBatches(lengths, { ...options, epoch }).flatMap(({ rows }) =>
          sorted([...rows]).flatMap((a, i, all) => all.slice(i + 1).map((b) => `${a},${b}`)),
        ),
      );
    const [first, second] = [pairs(1), pairs(2)];
    const kept = [...first].filter((pair) => second.has(pair)).length;
    // Two rows can only meet again in the same pool of 20 · 32 rows.
    expect(kept / first.size).toBeLessThan(640 / 7613);
    expect(kept).toBeGreaterThan(0);
  });

  it('pads to the maximum where asked', () => {
    const batches = planBatches(tweetLengths(100, 1), { ...options, padding: 'max' });
    expect(new Set(batches.map(({ width }) => width))).toEqual(new Set([169]));
    expect(paddingShare(batchTokens(Int32Array.of(169, 169), [{ rows: Int32Array.of(0, 1), width: 169 }]))).toBe(0);
  });
});

describe('evaluationBatches', () => {
  it('holds every row exactly once, the longest first', () => {
    const lengths = tweetLengths(333, 2);
    const batches = evaluationBatches(lengths, 50);
    expect(sorted(rowsOf(batches))).toEqual([...lengths.keys()]);
    const widths = batches.map(({ width }) => width);
    expect(widths).toEqual([...widths].sort((a, b) => b - a));
    for (const { rows, width } of batches) expect(width).toBe(Math.max(...[...rows].map((row) => lengths[row]!)));
    expect(evaluationBatches(new Int32Array(0), 8)).toEqual([]);
  });
});

describe('leastWorkBatches', () => {
  it('holds every row exactly once, the longest first, and no batch above its size', () => {
    const lengths = tweetLengths(77, 3);
    const batches = leastWorkBatches(lengths, 8);
    expect(sorted(rowsOf(batches))).toEqual([...lengths.keys()]);
    for (const { rows, width } of batches) expect(width).toBe(Math.max(...[...rows].map((row) => lengths[row]!)));
    expect(Math.max(...batches.map(({ rows }) => rows.length))).toBeLessThanOrEqual(8);
    expect(leastWorkBatches(new Int32Array(0), 8)).toEqual([]);
  });

  it('ends a batch where padding would cost more than another batch', () => {
    const widths = (...lengths: readonly number[]): readonly string[] =>
      leastWorkBatches(Int32Array.from(lengths), 64).map(({ rows, width }) => `${rows.length} × ${width}`);
    expect(widths(20, 20, 21, 20)).toEqual(['4 × 21']);
    expect(widths(60, 20, 20)).toEqual(['1 × 60', '2 × 20']);
    expect(widths(30, 20)).toEqual(['2 × 30']);
    expect(widths(40, 20)).toEqual(['1 × 40', '1 × 20']);
    const lengths = tweetLengths(32, 4);
    const work = (batches: readonly Batch[]): number => batchTokens(lengths, batches).positions + 16 * batches.length;
    expect(work(leastWorkBatches(lengths, 64))).toBeLessThan(0.8 * work(evaluationBatches(lengths, 64)));
  });
});

describe('paddingShare', () => {
  it('is the padded positions by all', () => {
    const lengths = Int32Array.of(2, 4, 1);
    expect(
      paddingShare(
        batchTokens(lengths, [
          { rows: Int32Array.of(0, 1), width: 4 },
          { rows: Int32Array.of(2), width: 1 },
        ]),
      ),
    ).toBeCloseTo(2 / 9, 15);
  });
});

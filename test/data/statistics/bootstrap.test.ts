import { expect, it } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import { bootstrapIntervals } from '../../../src/data/statistics/index.ts';

const mean = (values: readonly number[]) => (drawn: Int32Array) => [drawn.reduce((sum, row) => sum + values[row]!, 0) / drawn.length];

it('holds the figures of 95 % of the draws', () => {
  const hits = Array.from({ length: 400 }, (_, row) => (row < 300 ? 1 : 0));
  const [interval] = bootstrapIntervals(400, mean(hits));
  // The normal approximation, 0.75 ± 1.96 · √(0.75 · 0.25 / 400), and what 1,000 draws leave to chance.
  expect(Math.abs(interval!.low - 0.7076)).toBeLessThan(0.006);
  expect(Math.abs(interval!.high - 0.7924)).toBeLessThan(0.006);
  expect(bootstrapIntervals(400, mean(hits))).toEqual([interval]);
});

it('is about as wide as the figure is unsure, whatever its distribution', () => {
  const rng = new RandomState(3);
  const values = Array.from({ length: 200 }, () => 5 + 2 * rng.normal());
  const [interval] = bootstrapIntervals(200, mean(values));
  expect(interval!.high - interval!.low).toBeGreaterThan(0.9 * 2 * 1.96 * (2 / Math.sqrt(200)) * 0.9);
  expect(interval!.high - interval!.low).toBeLessThan(1.1 * 2 * 1.96 * (2 / Math.sqrt(200)) * 1.1);
});

it('is none of a figure that many draws leave undefined, and takes the others from those that have it', () => {
  // The chance that a draw of 10 has none of one row is 0.9^10, of two rows 0.8^10 = 11 %, of three 3 %.
  const needs = (rows: number) => (drawn: Int32Array) => (drawn.some((row) => row < rows) ? 1 : NaN);
  const [two, three] = bootstrapIntervals(10, (drawn) => [needs(2)(drawn), needs(3)(drawn)]);
  expect(two).toBeNull();
  expect(three).toEqual({ low: 1, high: 1 });
});

import { describe, expect, it } from 'vitest';
import { figureIfMeasured, figureOf } from '../../src/core/measures.ts';
import { countUp, lastOf, lookup, required, valueAt } from '../../src/core/values.ts';

describe('a value that has to be there', () => {
  it('is that of its place or key, whatever it is', () => {
    expect(valueAt(Float32Array.of(1, NaN), 1)).toBeNaN();
    expect(valueAt(['', null], 1)).toBeNull();
    expect(lastOf([1, 2, 0])).toBe(0);
    expect(required('', 'name')).toBe('');
    expect(lookup(new Map([['a', 0]]), 'a')).toBe(0);
  });

  it.each([
    ['behind the end', () => valueAt([1, 2], 2), 'there is no value at 2 of 2'],
    ['before the beginning', () => valueAt('ab', -1), 'there is no value at -1 of 2'],
    ['between two', () => valueAt(Int32Array.of(1, 2), 0.5), 'there is no value at 0.5 of 2'],
    ['that is missing', () => required<number>(undefined, 'width'), 'there is no width'],
    ['that is null', () => required<number>(null, 'width'), 'there is no width'],
    ['of an empty list', () => lastOf([]), 'there is no value at -1 of 0'],
    ['under another key', () => lookup(new Map([['a', 1]]), 'b'), 'there is no value of b among 1'],
  ])('is missed %s', (_, read, message) => {
    expect(read).toThrow(new RangeError(message));
  });
});

it('counts begin at nothing', () => {
  const counts = new Map<string, number>();
  expect([countUp(counts, 'a'), countUp(counts, 'a', 3), countUp(counts, 'b')]).toEqual([1, 4, 1]);
  expect([...counts]).toEqual([['a', 4], ['b', 1]]);
});

it('a metric that is not finite is no number, and one that was never measured is a mistake unless it may be missing', () => {
  const metrics = { 'val/f1': 0.5, 'val/loss': null };
  expect([figureOf(metrics, 'val/f1'), figureOf(metrics, 'val/loss')]).toEqual([0.5, NaN]);
  expect(() => figureOf(metrics, 'val/f2')).toThrow('there is no metric val/f2 among val/f1, val/loss');
  expect([figureIfMeasured(metrics, 'val/f1'), figureIfMeasured(metrics, 'val/f2'), figureIfMeasured(metrics, 'toString')]).toEqual([0.5, NaN, NaN]);
});

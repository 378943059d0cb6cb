import { describe, expect, it } from 'vitest';
import { costBetween } from '../../../src/runner/plan/speeds.ts';

/** A batch of one text. */
const wide = (width: number): { readonly rows: Int32Array; readonly width: number } => ({ rows: Int32Array.of(0), width });

describe('the time of a batch', () => {
  it('goes straight from one timed size to the next, and on beyond the last two', () => {
    const cost = costBetween([
      { positions: 400, seconds: 10 },
      { positions: 100, seconds: 2 },
      { positions: 200, seconds: 4 },
    ]);
    expect([50, 100, 150, 200, 300, 400, 500].map((width) => cost?.(wide(width)))).toEqual([1, 2, 3, 4, 7, 10, 13]);
  });

  it('counts the texts of a batch, too', () => {
    const cost = costBetween([{ positions: 100, seconds: 3 }, { positions: 200, seconds: 4 }]);
    expect(cost?.({ rows: new Int32Array(10), width: 15 })).toBe(3.5);
  });

  it('is proportional where one size was timed, never negative, and unknown where none was', () => {
    expect(costBetween([{ positions: 100, seconds: 2 }])?.(wide(25))).toBe(0.5);
    expect(costBetween([{ positions: 100, seconds: 1 }, { positions: 200, seconds: 9 }])?.(wide(10))).toBe(0);
    expect(costBetween([])).toBeUndefined();
  });
});

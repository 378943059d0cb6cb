import { describe, expect, it } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import { ascending } from '../../../src/tasks/metrics/order.ts';

describe('ascending', () => {
  const rng = new RandomState(11);
  const kinds: Readonly<Record<string, (i: number) => number>> = {
    'numbers of both signs and all sizes': () => rng.normal() * 10 ** rng.integer(-30, 30),
    'many equal numbers': () => rng.integer(-3, 4) / 7,
    'infinities and both zeros': (i) => [Infinity, -Infinity, 0, -0, 1e-320, -1e-320][i % 6]!,
    'one number': () => 0.1,
  };

  for (const [kind, number] of Object.entries(kinds)) {
    it(`sorts ${kind}, few and many, and keeps the order of equal ones`, () => {
      for (const rows of [0, 1, 100, 5000]) {
        const values = Array.from({ length: rows }, (_, i) => number(i));
        const expected = [...values.keys()].sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : a - b));
        expect([...ascending(values)]).toEqual(expected);
      }
    });
  }
});

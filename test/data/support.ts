import { OrtrainError } from '../../src/core/errors.ts';
import { RandomState } from '../../src/core/random.ts';

/** The project's error that a call throws; anything else fails the test. */
export async function errorOf(call: () => unknown): Promise<OrtrainError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Texts as numbers in their sorted order, as `numpy.unique` numbers them. */
export function codes(texts: readonly string[]): Int32Array {
  const sorted = [...new Set(texts)].sort();
  const codeOf = new Map(sorted.map((text, code) => [text, code]));
  return Int32Array.from(texts, (text) => codeOf.get(text)!);
}

export function randomLabels(rows: number, classes: number, seed: number): Int32Array {
  const rng = new RandomState(seed);
  return new Int32Array(rows).map(() => rng.integer(0, classes));
}

/** How often each of the numbers below `size` occurs. */
export function countsBy(values: Iterable<number>, size: number): number[] {
  const counts = new Int32Array(size);
  for (const value of values) counts[value]!++;
  return [...counts];
}

import { OrtrainError } from '../../src/core/errors.ts';

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

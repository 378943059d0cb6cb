import { compareDecimals, decimalOf, isNumeric } from '../tables/index.ts';

/** Values by number, to the last digit, if all are numbers, otherwise by code point. */
export function sortedValues(values: readonly string[]): readonly string[] {
  return [...values].sort(values.every(isNumeric) ? byNumber : byCodePoint);
}

/** Numbers beyond 2^53 can be the same to JavaScript and different in the text. */
function byNumber(a: string, b: string): number {
  return Number(a) - Number(b) || compareDecimals(decimalOf(a), decimalOf(b)) || byCodePoint(a, b);
}

/**
 * JavaScript's own order is that of UTF-16 units, in which a pair of surrogates, though it stands for more, comes before U+E000 … U+FFFF.
 */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates, U+D800 … U+DFFF, after all others. */
function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

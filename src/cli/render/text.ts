import { isAbsolute, relative } from 'node:path';

export { bytes, count, duration, metric, minuteOf, plural, printable, rate } from '../../core/text.ts';

/** Digits of a key that tell entries of a cache apart for a person. */
export const KEY_DIGITS = 10;

/** A path as it would be typed here: relative where it is below the working directory. */
export function pathFromHere(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' ? '.' : fromHere.startsWith('..') || isAbsolute(fromHere) ? path : fromHere;
}

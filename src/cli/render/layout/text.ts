export { bytes, count, duration, metric, minuteOf, operations, pathFromHere, plural, rate } from '../../../core/text.ts';
export { printable } from '../../../core/printable.ts';
export { withoutCredentials } from '../../../core/secrets.ts';

/** Digits of a key that tell entries of a cache apart for a person. */
export const KEY_DIGITS = 10;

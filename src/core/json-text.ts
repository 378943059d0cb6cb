/**
 * `value` as an indented JSON text that ends in a line break. A whole number is written with a point, as `2.0`, where `source` has one for
 * the same key. JavaScript has one kind of number; Python reads `2` as an integer, and the configuration classes of Transformers refuse an
 * integer where they expect a float.
 *
 * @param source a JSON text
 */
export function jsonTextLike(source: string, value: unknown): string {
  const floats = new Set<string>();
  for (const [, key = '', number = ''] of source.matchAll(STRINGS)) {
    if (/[.e]/i.test(number)) floats.add(unquoted(key));
  }
  const isFloat = (key: string, number: string): boolean => /^-?\d+$/.test(number) && floats.has(unquoted(key));
  const text = JSON.stringify(value, null, 2);
  return `${text.replace(STRINGS, (whole, key: string, number = '') => (isFloat(key, String(number)) ? `${whole}.0` : whole))}\n`;
}

/** Every string of a JSON text, from left to right, with the number behind it where it is a key of one. */
const STRINGS = /("(?:[^"\\]|\\[^]?)*(?:"|$))(?:\s*:\s*(-?[0-9][-+.0-9eE]*))?/g;

const unquoted = (key: string): string => String(JSON.parse(key));

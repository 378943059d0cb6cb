import { describe, expect, it } from 'vitest';
import { jsonTextLike } from '../../src/core/json-text.ts';

const source = String.raw`{ "cutoff": 2.0, "theta": 1e4, "tiny" : 1E-7, "n": 3, "say \"n\": 5.0, ": "\"n\": 4.0 ", "in": { "rate": -1.0 } }`;

describe('the text of a JSON value like another', () => {
  it('keeps the points of whole numbers, and gives none to others', () => {
    const text = jsonTextLike(source, { ...(JSON.parse(source) as object), more: 0 });
    expect(text.split('\n').map((line) => line.trim())).toEqual([
      '{',
      '"cutoff": 2.0,',
      '"theta": 10000.0,',
      '"tiny": 1e-7,',
      '"n": 3,',
      String.raw`"say \"n\": 5.0, ": "\"n\": 4.0 ",`,
      '"in": {',
      '"rate": -1.0',
      '},',
      '"more": 0',
      '}',
      '',
    ]);
    expect(JSON.parse(text)).toEqual({ ...(JSON.parse(source) as object), more: 0 });
  });

  it('leaves values under such a key alone that are no whole numbers', () => {
    const others = { a: 0.5, b: { a: null }, c: { a: 'a: 1' } };
    expect(JSON.parse(jsonTextLike('{"a": 1.0}', others))).toEqual(others);
    expect(jsonTextLike('{"a": 1.0}', { a: 1e30 })).toBe('{\n  "a": 1e+30\n}\n');
  });
});

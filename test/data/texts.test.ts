import { describe, expect, it } from 'vitest';
import { parseTable } from '../../src/data/tables/table.ts';
import { areSingle, mapText, runningText, shownText, textColumns, textKey, textKeys, textsIn, type Text } from '../../src/data/texts/index.ts';

const table = await parseTable(Buffer.from('a,b,c\n1,x,\n2,"y, z",q\n'), 't.csv', 'csv');

describe('texts of a table', () => {
  it('are one segment or two', () => {
    expect(textsIn(table, 'b')).toEqual(['x', 'y, z']);
    expect(textsIn(table, ['b', 'c'])).toEqual([['x', ''], ['y, z', 'q']]);
    expect(textsIn(table, ['{c}{a}', 'b'])).toEqual([['1', 'x'], ['q2', 'y, z']]);
    expect(textColumns(['{c}: {a}', 'a'])).toEqual(['c', 'a']);
  });

  it('are the same where all segments are', () => {
    const different: readonly Text[] = ['ab', ['a', 'b'], ['ab', ''], ['', 'ab'], ['b', 'a'], ['a\0\0b', ''], ['a', '\0b'], ['a\0', 'b']];
    expect(new Set(textKeys(different)).size).toBe(different.length);
    expect(textKey(['a', 'b'])).toBe(textKey(['a', 'b']));
    expect(textKey('a\0')).toBe('a\0');
  });

  it('have keys in the order of the segments', () => {
    const ascending: readonly Text[] = [['', 'z'], ['a', ''], ['a', 'b'], ['a\0', 'a'], ['a\u0001', ''], ['aa', ''], ['b', 'a']];
    expect(textKeys(ascending).toSorted()).toEqual(textKeys(ascending));
  });

  it('are shown, searched and changed segment by segment', () => {
    expect([shownText(['a', 'b']), runningText(['a', 'b']), shownText('a')]).toEqual(['a | b', 'a\nb', 'a']);
    expect(mapText(['a', 'b'], (segment) => `${segment}!`)).toEqual(['a!', 'b!']);
    expect([areSingle(['a']), areSingle([['a', 'b']])]).toEqual([true, false]);
  });
});

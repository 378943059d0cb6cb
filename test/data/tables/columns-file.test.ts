import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openColumns, writeColumns, type WrittenColumn } from '../../../src/data/tables/columns-file.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';

const folder = temporaryFolder();
const path = join(folder, 'some.columns');

const write = (columns: Readonly<Record<string, WrittenColumn>>): void => writeColumns(path, new Map(Object.entries(columns)));

describe('a file of columns', () => {
  it('gives back each column by itself, to the character and the bit', () => {
    const texts = ['', 'plain', 'Zürich, 北京 👍🏽', 'a\0b\r\n"c"', '\ufeffmark', 'x'.repeat(70_000)];
    const odd = ['half \ud83d of a pair', '\udc00', ''];
    write({ texts, odd, none: [], numbers: Float64Array.of(NaN, -0, 1e-320, Infinity), integers: Int32Array.of(-1, 2 ** 31 - 1), '': ['no name'] });
    const file = openColumns(path);
    expect(file.names).toEqual(['texts', 'odd', 'none', 'numbers', 'integers', '']);
    expect(file.texts('texts')).toEqual(texts);
    expect(file.texts('odd')).toEqual(odd);
    expect(file.texts('none')).toEqual([]);
    expect(file.texts('')).toEqual(['no name']);
    expect([...file.numbers('numbers')].map((number) => Object.is(number, -0))).toEqual([false, true, false, false]);
    expect(file.numbers('numbers')).toEqual(Float64Array.of(NaN, -0, 1e-320, Infinity));
    expect(file.integers('integers')).toEqual(Int32Array.of(-1, 2 ** 31 - 1));
    expect(['texts', 'odd', 'none', 'numbers'].map((name) => file.length(name))).toEqual([6, 3, 0, 4]);
  });

  it('of more text than is held at a time, too', () => {
    const texts = Array.from({ length: 3000 }, (_, row) => `${row} ${'äx'.repeat(row)}`);
    write({ before: ['a'], texts });
    expect(openColumns(path).texts('texts')).toEqual(texts);
    expect(openColumns(path).texts('before')).toEqual(['a']);
  });

  it('refuses a column that it does not have, or that holds something else', () => {
    write({ texts: ['a'], numbers: Float64Array.of(1) });
    const file = openColumns(path);
    expect(() => file.texts('ids')).toThrow(`${path} is not a usable file of columns: it has no column "ids"`);
    expect(() => file.numbers('texts')).toThrow('its column "texts" holds utf8');
    expect(() => file.integers('numbers')).toThrow('its column "numbers" holds float64');
  });

  it.each<readonly [string, () => void, string]>([
    ['is cut', () => truncateSync(path, 40), 'it does not end as one'],
    ['is empty', () => truncateSync(path, 0), 'it does not end as one'],
    ['has something behind it', () => appendFileSync(path, 'x'), 'it does not end as one'],
    ['lost its beginning', () => writeFileSync(path, readFileSync(path).subarray(24)), 'does not fit into the file'],
    [
      'lists a column longer than it is',
      () => writeFileSync(path, readFileSync(path).toString('latin1').replace('"count":3', '"count":4'), 'latin1'),
      'does not fit into the file',
    ],
    [
      'lists no columns',
      () => writeFileSync(path, readFileSync(path).toString('latin1').replace('[{', '{{'), 'latin1'),
      'its list of columns is not JSON',
    ],
    [
      'lists a kind that there is not',
      () => writeFileSync(path, readFileSync(path).toString('latin1').replace('float64', 'float16'), 'latin1'),
      'columns[1].kind is "float16", not one of utf8, utf16le, int32, float64',
    ],
  ])('that %s is refused', (_, damage, message) => {
    write({ texts: ['one', 'two'], numbers: Float64Array.of(1, 2, 3) });
    damage();
    expect(() => openColumns(path)).toThrow(expect.objectContaining({ code: 'data', subject: path, message: expect.stringContaining(message) }));
  });

  it('whose texts are longer than their column says so', () => {
    write({ texts: ['one', 'two'] });
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(2000, 'onetwo'.length); // the length of the first
    writeFileSync(path, bytes);
    expect(() => openColumns(path).texts('texts')).toThrow('a text in it ends behind its column');
  });

  it('is a file', () => {
    expect(() => openColumns(join(folder, 'none'))).toThrow('there is no such file');
    mkdirSync(join(folder, 'folder'));
    expect(() => openColumns(join(folder, 'folder'))).toThrow(/folder/);
  });
});

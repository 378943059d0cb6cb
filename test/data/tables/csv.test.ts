import { describe, expect, it } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import { writeCsv } from '../../../src/data/tables/formats/csv.ts';
import { parseTable } from '../../../src/data/tables/table.ts';

/** Pieces of text that a careless reader or writer gets wrong. */
const PIECES = [
  '',
  'a',
  ',',
  '"',
  '""',
  '\n',
  '\r\n',
  '\r',
  '\t',
  ' ',
  '\uFEFF',
  'é',
  '地震',
  '🔥',
  '👨‍👩‍👧',
  '0',
  '-1.5',
  '#',
  "'",
  '\\',
  'NaN',
  '\u2028',
];

function randomText(rng: RandomState): string {
  return Array.from({ length: rng.integer(0, 5) }, () => PIECES[rng.integer(0, PIECES.length)]!).join('');
}

describe('writeCsv', () => {
  it('writes RFC 4180', () => {
    expect(writeCsv(['id', 'text'], [[1, 'plain'], [2, 'a "quoted" word'], ['3', 'a,b'], [4, 'two\nlines'], [5, '']])).toBe(
      'id,text\n1,plain\n2,"a ""quoted"" word"\n3,"a,b"\n4,"two\nlines"\n5,\n',
    );
  });

  it('keeps rows of one empty field and a byte order mark that is text', async () => {
    const text = writeCsv(['\uFEFFa'], [[''], ['b'], ['']]);
    const table = await parseTable(Buffer.from(text), 'x.csv', 'csv');
    expect(table.columns).toEqual(['\uFEFFa']);
    expect(table.rows).toEqual([[''], ['b'], ['']]);
  });

  it('writes numbers that read back the same', async () => {
    const numbers = [0.1, 1 / 3, 1e-9, 5e-324, 123456789.123, -0.5];
    const table = await parseTable(Buffer.from(writeCsv(['x'], numbers.map((x) => [x]))), 'x.csv', 'csv');
    expect(table.rows.map(([text]) => Number(text))).toEqual(numbers);
  });

  it('and the reader give back any table', async () => {
    for (let seed = 0; seed < 300; seed++) {
      const rng = new RandomState(seed);
      const columns = Array.from({ length: rng.integer(1, 5) }, (_, i) => `${i}${randomText(rng)}`);
      const rows = Array.from({ length: rng.integer(1, 8) }, () => columns.map(() => randomText(rng)));
      const text = writeCsv(columns, rows);
      const table = await parseTable(Buffer.from(text), 'x.csv', 'csv');
      expect({ seed, columns: table.columns, rows: table.rows }).toEqual({ seed, columns, rows });
    }
  });
});

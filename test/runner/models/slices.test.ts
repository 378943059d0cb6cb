import { describe, expect, it } from 'vitest';
import { slicesBy } from '../../../src/runner/models/slices.ts';
import { parseTable, type Table } from '../../../src/data/tables/table.ts';

async function table(column: string, cells: readonly string[]): Promise<Table> {
  return parseTable(Buffer.from(`${column},text\n${cells.map((cell) => `${cell},x`).join('\n')}\n`), 'rows.csv', 'csv');
}

async function slices(cells: readonly string[], by = 'group', lengths: readonly number[] = cells.map(() => 1)) {
  const kept = Int32Array.from(cells.keys());
  return slicesBy(by, await table('group', cells), kept, lengths).map(({ value, rows }) => [value, ...rows] as const);
}

describe('rows by the values of a column', () => {
  it('are the most frequent first', async () => {
    expect(await slices(['b', 'a', 'b', ''])).toEqual([['b', 0, 2], ['(empty)', 3], ['a', 1]]);
  });

  it('are the rows that are kept, not those of the table', async () => {
    const [only] = slicesBy('group', await table('group', ['a', 'b', 'b']), Int32Array.of(1, 2), [1, 1]);
    expect(only).toEqual({ by: 'group', value: 'b', rows: Int32Array.of(0, 1) });
  });

  it('are four ranges of many numbers, equal ones together, and those without one', async () => {
    const cells = [...Array.from({ length: 40 }, (_, i) => String(i)), '39', ''];
    const found = await slices(cells);
    expect(found.map(([value]) => value)).toEqual(['0 to 10', '11 to 20', '21 to 30', '31 to 39', '(empty)']);
    expect(found.flatMap(([, ...rows]) => rows).sort((a, b) => a - b)).toEqual([...cells.keys()]);
  });

  it('put the rarest of many names together', async () => {
    const found = await slices(Array.from({ length: 50 }, (_, i) => `name ${i % 25}`));
    expect(found).toHaveLength(20);
    expect(found.at(-1)?.[0]).toBe('6 other values');
    expect(found.at(-1)).toHaveLength(13);
  });

  it('are by the length of the texts where no column is called length', async () => {
    expect(await slices(['a', 'b', 'c'], 'length', [7, 3, 7])).toEqual([['3 characters', 1], ['7 characters', 0, 2]]);
    const many = Array.from({ length: 12 }, (_, i) => i + 1);
    expect((await slices(many.map(String), 'length', many)).map(([value]) => value)).toEqual(
      ['1 to 3 characters', '4 to 6 characters', '7 to 9 characters', '10 to 12 characters'],
    );
  });
});

import { describe, expect, it } from 'vitest';
import { OrtrainError } from '../../src/core/errors.ts';
import { parseTable } from '../../src/data/tables/table.ts';
import { textAndTarget } from '../../src/runner/starter/guess.ts';

type Cells = (row: number) => readonly (string | number)[];

const tableOf = (columns: string, cells: Cells) => {
  const rows = Array.from({ length: 200 }, (_, row) => [row, `some longer text of row ${row}`, ...cells(row)].join(','));
  return parseTable(Buffer.from(`row_id,text,${columns}\n${rows.join('\n')}\n`), 'rows.csv', 'csv');
};

describe('what is guessed of a table', () => {
  it.each<[string, Cells, string | undefined, readonly string[], string, readonly string[]]>([
    ['label', (row) => [row % 3], undefined, [], 'classification', ['label']],
    ['score', (row) => [row * 1.5], undefined, [], 'regression', ['score']],
    ['score', (row) => [row % 5 === 0 ? 'NA' : (row % 4) / 2], undefined, [], 'regression', ['score']],
    ['grade', (row) => [row % 4], 'grade', [], 'classification', ['grade']],
    ['a,b', (row) => [row % 2, row % 3 === 0 ? 1 : 0], 'a,b', [], 'multi-label', ['a', 'b']],
    ['a,b', (row) => [row, row / 7], 'b, a', [], 'regression', ['b', 'a']],
    ['a,b,c', (row) => [row, row / 7, 'x'], undefined, ['b', 'a'], 'regression', ['b', 'a']],
    ['label', (row) => [row % 2], undefined, ['prediction'], 'classification', ['label']],
  ])('with %s', async (columns, cells, target, sampled, task, targets) => {
    const table = await tableOf(columns, cells);
    expect(textAndTarget(table, target === undefined ? {} : { target }, sampled)).toEqual({ text: 'text', targets, task });
  });

  it.each<[string, string, RegExp]>([
    ['a,b', 'neither labels of 0 and 1 nor numbers', /--target a,b/],
    ['a,bb', 'no such column', /--target bb/],
    ['b', '200 different values', /does not hold classes/],
  ])('is refused for --target %s, which is %s', async (target, message, more) => {
    const table = await tableOf('a,b', (row) => [row, `word ${row}`]);
    const refused = (): unknown => textAndTarget(table, { target });
    expect(refused).toThrow(OrtrainError);
    expect(refused).toThrow(message);
    expect(refused).toThrow(more);
  });
});

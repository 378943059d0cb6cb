import { describe, expect, it } from 'vitest';
import { relativeWeights, trainExamples } from '../../../src/data/examples/index.ts';
import { parseTable } from '../../../src/data/tables/table.ts';
import { classReader } from '../../../src/tasks/classification/reader.ts';
import { errorOf } from '../support.ts';

const options = { id: 'id', text: 'text', target: 'target', conflicts: 'keep', duplicates: 'keep', weight: 'w' } as const;

/** Rows with these weights, whose texts are `same` where they are not told apart. */
const read = async (weights: readonly string[], more: object = {}, text = (row: number): string => `text ${row}`) => {
  const rows = weights.map((weight, row) => `${row},${text(row)},${row % 2},${weight}`);
  const table = await parseTable(Buffer.from(['id,text,target,w', ...rows].join('\n')), 'train.csv', 'csv');
  return trainExamples(table, { ...options, ...more }, classReader);
};

describe('a column of weights', () => {
  it('is read as numbers from 0', async () => {
    expect([...(await read(['1', ' 2.5 ', '0', '1e-3'])).weights!]).toEqual([1, 2.5, 0, 0.001]);
    expect((await read(['1', 'x', '', '-1'], { weight: null })).weights).toBeUndefined();
  });

  it('is refused with every row that has none, by row and line', async () => {
    const error = await errorOf(() => read(['1', '', 'NaN', 'x', '-0.5', '1e999', '0x10', '1']));
    expect(error.problems.map(({ message, row, line, field }) => [message, row, line, field])).toEqual([
      ['the weight is missing', 2, 3, 'w'],
      ['the weight is missing', 3, 4, 'w'],
      ['the weight "x" is not a number', 4, 5, 'w'],
      ['the weight "-0.5" is below 0', 5, 6, 'w'],
      ['the weight "1e999" is too large', 6, 7, 'w'],
      ['the weight "0x10" is not a number', 7, 8, 'w'],
    ]);
    expect(error.remedy).toBe('Correct these rows, or name another column in data.weight.');
  });

  it('is refused where all are 0, also of the rows that cleaning leaves', async () => {
    const all = await errorOf(() => read(['0', '0', '0.0', '0']));
    expect(all.problems).toEqual([{ message: 'all weights are 0; there is nothing to learn', file: 'train.csv', line: 1, field: 'w' }]);
    const drop = { conflicts: 'drop' };
    const left = await errorOf(() => read(['3', '3', '0', '0', '0', '0'], drop, (row) => (row < 2 ? 'same' : `text ${row}`)));
    expect(left.problems.map(({ message }) => message)).toEqual(['all rows that are left have the weight 0']);
  });

  it('has to be there', async () => {
    const error = await errorOf(() => read(['1', '1', '1', '1'], { weight: 'weigt' }));
    expect(error.problems[0]?.message).toMatch(/^there is no column "weigt", which data\.weight names; the columns are /);
    expect(error.remedy).toBe('Name another column in data.weight.');
  });

  it('is divided by the mean, however large or small its numbers are', () => {
    for (const scale of [1e-300, 1, 1.2e308]) {
      const [a, b, c] = relativeWeights(Float64Array.of(scale, scale / 2, 0));
      expect([a, b, c!]).toEqual([expect.closeTo(2, 12), expect.closeTo(1, 12), 0]);
    }
  });
});

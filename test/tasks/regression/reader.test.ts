import { describe, expect, it } from 'vitest';
import { OrtrainError } from '../../../src/core/errors.ts';
import { numbersIn } from './support.ts';

async function problemsOf(columns: readonly string[], rows: Parameters<typeof numbersIn>[1], more: Parameters<typeof numbersIn>[2] = {}) {
  try {
    await numbersIn(columns, rows, more);
  } catch (error) {
    if (error instanceof OrtrainError) return error.problems;
    throw error;
  }
  throw new Error('the table was not refused');
}

describe('numbers of a table', () => {
  it('are read in any notation, with their mean and population deviation', async () => {
    const { targets, task } = await numbersIn(['y'], [['1'], ['+2.0'], ['3e0'], [' .5 ']]);
    expect([...targets.values]).toEqual([1, 2, 3, 0.5]);
    expect(task.description).toEqual({ task: 'regression', columns: ['y'], mean: [1.625], sd: [Math.sqrt(0.921875)] });
  });

  it('keep the digits of their spread on a large offset', async () => {
    const { task } = await numbersIn(['y'], [[1e9], [1e9 + 1], [1e9 + 2], [1e9 + 1]]);
    expect(task.description).toMatchObject({ mean: [1e9 + 1], sd: [Math.sqrt(0.5)] });
  });

  it('may be missing in a row, which is left out then', async () => {
    const cells = ['1', '', 'NA', 'nan', 'NULL', 'None', '?', '5'];
    const { rows, all, cleaning, task } = await numbersIn(['y'], cells.map((cell) => [cell]), { missing: ['?'] });
    expect([...rows]).toEqual([0, 7]);
    expect(all.ids).toHaveLength(8);
    expect(cleaning.unlabelled).toBe(6);
    expect(task.description).toMatchObject({ mean: [3], sd: [2] });
  });

  it('may be missing beside others, which the task knows then', async () => {
    const { rows, task, targets } = await numbersIn(['a', 'b'], [[1, ''], [3, 4], ['NA', 8], ['', '']]);
    expect([...rows]).toEqual([0, 1, 2]);
    expect([...targets.values]).toEqual([1, NaN, 3, 4, NaN, 8]);
    expect(task.description).toEqual({ task: 'regression', columns: ['a', 'b'], mean: [2, 6], sd: [1, 2], partial: true });
  });

  it('of a column with one number throughout have a deviation of 1', async () => {
    const { task } = await numbersIn(['a', 'b'], [[1, 7], [2, 7], [4, 7]]);
    expect((task.description['sd'] as readonly number[])[1]).toBe(1);
  });

  it.each([
    ['many', /"many" is not a number.*data.missing/],
    ['3,5', /decimals with a point/],
    ['inf', /is infinite/],
    ['-Infinity', /is infinite/],
    ['1e300', /beyond ±1e30/],
    ['0x10', /is not a number/],
  ])('are refused where one is %s, with the row', async (cell, message) => {
    const problems = await problemsOf(['y'], [[1], [2], [cell], [3]]);
    expect(problems).toMatchObject([{ file: 'rows.csv', line: 4, row: 3, field: 'y' }]);
    expect(problems[0]?.message).toMatch(message);
  });

  it.each([
    [['y'], [[3], [3], [3]], /all rows have the same target, 3; there is nothing to learn/],
    [['a', 'b'], [[3, 1], [3, 1]], /every target column has the same number/],
    [['a', 'b'], [[3, ''], [4, 'NA']], /no row has a number in the column "b"/],
    [['y'], [['NA'], ['NA']], /no row has a number in the column "y"/],
    [['y'], [['1e-40'], ['2e-40']], /differ by less than 1e-30/],
  ] as const)('of %j cannot be %j', async (columns, rows, message) => {
    expect((await problemsOf(columns, rows))[0]?.message).toMatch(message);
  });

  it('are refused where their column is not there, each by its name', async () => {
    const problems = await problemsOf(['alpha', 'beta'], [[1, 2], [3, 4]], { target: ['alpha', 'bta'] });
    expect(problems).toMatchObject([{ field: 'bta', suggestion: 'beta' }]);
  });
});

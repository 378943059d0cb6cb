import { describe, expect, it } from 'vitest';
import { writeCsv } from '../../../src/data/tables/formats/csv.ts';
import { buildSubmission, checkSubmission, type Submission } from '../../../src/data/submission/index.ts';
import { parseTable, readTable, type Table } from '../../../src/data/tables/table.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { errorOf } from '../support.ts';
import { classification } from '../../../src/tasks/classification/task.ts';

const tableOf = (text: string, file = 'sample.csv'): Promise<Table> => parseTable(Buffer.from(text), file, 'csv');

interface Predictions {
  readonly file: string;
  readonly ids: readonly string[];
  readonly classes: readonly string[];
  /** Of the second of two classes, otherwise of every class, row-major. */
  readonly probabilities: readonly number[];
}

const predictions: Predictions = { file: 'test.csv', ids: ['7', '3', '5'], classes: ['0', '1'], probabilities: [0.9, 0.25, 0.5] };

const build = (sample: Table, { classes, probabilities, ...rows }: Predictions, id: string | null): Submission => {
  const task = classification(classes);
  return buildSubmission(sample, rows, id, (columns) =>
    task.submissionValues({ width: task.outputs, numbers: Float64Array.from(probabilities) }, columns),
  );
};

const textOf = async (sample: string, changes: Partial<Predictions> = {}, id: string | null = 'id'): Promise<string> => {
  const table = await tableOf(sample);
  const { columns, rows } = build(table, { ...predictions, ...changes }, id);
  const text = writeCsv(columns, rows);
  checkSubmission(await tableOf(text, 'submission.csv'), table, id);
  return text;
};

const problemsOf = async (call: () => unknown) => {
  const error = await errorOf(call);
  expect(error.code).toBe('data');
  return error.problems;
};

describe('buildSubmission', () => {
  it('follows the sample in columns and order of rows', async () => {
    expect(await textOf('id,target\n3,0\n5,0\n7,0\n')).toBe('id,target\n3,0\n5,0\n7,1\n');
    expect(await textOf('label,id\n0,7\n0,5\n0,3\n')).toBe('label,id\n1,7\n0,5\n0,3\n');
  });

  it('writes integers where the sample has integers', async () => {
    const sample = 'id,target\n3,0\n5,0\n7,0\n';
    expect(await textOf(sample, { classes: ['0.0', '1.0'] })).toBe('id,target\n3,0\n5,0\n7,1\n');
    expect(await textOf(sample, { classes: ['no', 'yes'] })).toBe('id,target\n3,0\n5,0\n7,1\n');
    expect(await textOf(sample, { classes: ['2', '4'] })).toBe('id,target\n3,2\n5,2\n7,4\n');
  });

  it('writes integers as the training table does, to the last digit', async () => {
    const sample = 'id,target\n3,0\n5,0\n7,0\n';
    expect(await textOf(sample, { classes: ['123456789012345671', '987654321098765431'] })).toBe(
      'id,target\n3,123456789012345671\n5,123456789012345671\n7,987654321098765431\n',
    );
    expect(await textOf(sample, { classes: ['01', '02'] })).toBe('id,target\n3,01\n5,01\n7,02\n');
    expect(await textOf(sample, { classes: ['12345678901234567890.0', '1e20'] })).toBe(
      'id,target\n3,12345678901234567890\n5,12345678901234567890\n7,100000000000000000000\n',
    );
    expect(await textOf(sample, { classes: ['-3.0', '0.0'] })).toBe('id,target\n3,-3\n5,-3\n7,0\n');
    // Not whole: the class's place.
    expect(await textOf(sample, { classes: ['0.5', '1.5'] })).toBe('id,target\n3,0\n5,0\n7,1\n');
  });

  it('keeps ids beyond 2^53 apart', async () => {
    const ids = ['12345678901234567891', '12345678901234567890', '007'];
    expect(
      await textOf(
        `id,target\n${ids
          .toReversed()
          .map((id) => `${id},0`)
          .join('\n')}\n`,
        { ids },
      ),
    ).toBe('id,target\n007,0\n12345678901234567890,0\n12345678901234567891,1\n');
  });

  it('writes the class where the sample has classes or other text', async () => {
    expect(await textOf('id,target\n3,no\n5,no\n7,yes\n', { classes: ['no', 'yes'] })).toBe('id,target\n3,no\n5,no\n7,yes\n');
    expect(await textOf('id,target\n3,?\n5,?\n7,?\n', { classes: ['a,b', 'c'] })).toBe('id,target\n3,"a,b"\n5,"a,b"\n7,c\n');
    expect(await textOf('id,target\n3,0.0\n5,0.0\n7,1.0\n', { classes: ['0.0', '1.0'] })).toBe('id,target\n3,0.0\n5,0.0\n7,1.0\n');
  });

  it('writes the probability where the sample has fractions', async () => {
    expect(await textOf('id,target\n3,0.5\n5,0\n7,1\n')).toBe('id,target\n3,0.25\n5,0.5\n7,0.9\n');
  });

  it('writes a probability a class where the sample has a column a class', async () => {
    const probabilities = [0.5, 0.25, 0.25, 0, 1, 0, 0.125, 0.125, 0.75];
    expect(await textOf('id,c,a,b\n3,0,0,0\n5,0,0,0\n7,0.5,0,0\n', { classes: ['a', 'b', 'c'], probabilities })).toBe(
      'id,c,a,b\n3,0,0,1\n5,0.75,0.125,0.125\n7,0.25,0.5,0.25\n',
    );
    expect(await textOf('id,yes,no\n3,0.5,0\n5,0,0\n7,0,0\n', { classes: ['no', 'yes'] })).toBe(
      'id,yes,no\n3,0.25,0.75\n5,0.5,0.5\n7,0.9,0.09999999999999998\n',
    );
  });

  it('takes the first column for the id where none is named', async () => {
    expect(await textOf('row,target\n0,0\n1,0\n2,0\n', { ids: ['0', '1', '2'] }, null)).toBe('row,target\n0,1\n1,0\n2,0\n');
  });

  it('names every id that does not fit, with its row', async () => {
    const sample = await tableOf('id,target\n3,0\n4,0\n7,0\n3,0\n');
    expect(await problemsOf(() => build(sample, { ...predictions, ids: ['7', '3', '7'] }, 'id'))).toEqual([
      { message: 'the id "3" occurs again', file: 'sample.csv', row: 4, line: 5, field: 'id' },
      { message: 'the id "7" occurs again', file: 'test.csv', row: 3 },
      { message: 'there is no prediction for the id "4"', file: 'sample.csv', row: 2, line: 3, field: 'id' },
    ]);
    expect(await problemsOf(async () => build(await tableOf('id,target\n3,0\n7,0\n'), predictions, 'id'))).toEqual([
      { message: 'the id "5" is not in sample.csv', file: 'test.csv', row: 3 },
    ]);
  });

  it('refuses columns that it cannot fill', async () => {
    const refuse = async (sample: string, changes: Partial<Predictions> = {}) => {
      const table = await tableOf(sample);
      return (await problemsOf(() => build(table, { ...predictions, ...changes }, 'id'))).map(({ message, suggestion }) => ({
        message,
        suggestion,
      }));
    };
    expect(await refuse('Id,target\n3,0\n5,0\n7,0\n')).toContainEqual({
      message: 'there is no id column "id"; the columns are "Id", "target"',
      suggestion: 'Id',
    });
    expect(await refuse('id\n3\n5\n7\n')).toEqual([{ message: 'there is no column beside the id', suggestion: undefined }]);
    expect((await refuse('id,a,b\n3,0,0\n5,0,0\n7,0,0\n'))[0]?.message).toMatch(/one column was expected, or one for each class: "0", "1"/);
    const three = { classes: ['a', 'b', 'c'], probabilities: [0, 0, 0, 0, 0, 0, 0, 0, 0] };
    expect((await refuse('id,target\n3,0\n5,0\n7,0\n', three))[0]?.message).toMatch(/holds integers/);
    expect((await refuse('id,target\n3,0.5\n5,0\n7,0\n', three))[0]?.message).toMatch(/holds fractions/);
  });
});

describe('what to do about a sample that does not fit', () => {
  it.each([
    ['other zeros', 'id,target\n007,0\n3,0\n5,0\n', /^Ids are texts, so that "7" and "007" are two/],
    ['a fraction', 'id,target\n7.0,0\n3.0,0\n5.0,0\n', /^Ids are texts, so that "7" and "7\.0" are two/],
    ['spaces', 'id,target\n3,0\n5 ,0\n7,0\n', /^Ids are texts, so that "5" and "5 " are two/],
    ['no header', '7,0\n3,0\n5,0\n8,0\n', /^The sample seems to have no header/],
    ['another name', 'name,target\n7,0\n3,0\n', /^Name the id column of the sample/],
    ['other ids', 'id,target\n7,0\n3,0\n8,0\n', /^Check that data\.test, data\.sample_submission and data\.id belong together\.$/],
  ])('%s', async (_, sample, remedy) => {
    const table = await tableOf(sample);
    expect((await errorOf(() => build(table, predictions, 'id'))).remedy).toMatch(remedy);
  });
});

describe('checkSubmission', () => {
  const check = async (submission: string, sample = 'id,target\n3,0\n5,0\n7,0\n') => {
    const [table, model] = [await tableOf(submission, 'submission.csv'), await tableOf(sample)];
    return (await problemsOf(() => checkSubmission(table, model, 'id'))).map(
      ({ file, ...problem }) => (expect(file).toBe('submission.csv'), problem),
    );
  };

  it('accepts what has the sample’s shape', async () => {
    const sample = await tableOf('id,target\n3,0\n5,0\n');
    expect(() => checkSubmission(sample, sample, 'id')).not.toThrow();
  });

  it('says which columns, rows and values differ', async () => {
    expect(await check('target,id\n0,3\n')).toEqual([{ message: 'the columns are "target", "id" instead of "id", "target"', line: 1 }]);
    expect(await check('id,target\n3,0\n3,1\n9,0\n7,\n')).toEqual([
      { message: 'there are 4 rows instead of 3' },
      { message: 'the id "3" occurs again', row: 2, line: 3, field: 'id' },
      { message: 'the id "9" is not in the sample', row: 3, line: 4, field: 'id' },
      { message: 'the id "5" of the sample\'s row 2 is missing', field: 'id' },
      { message: '"" is not an integer', row: 4, line: 5, field: 'target' },
    ]);
    expect(await check('id,target\n5,0\n3,1.0\n7,0\n')).toEqual([
      { message: 'the id is "5" instead of "3"', row: 1, line: 2, field: 'id' },
      { message: 'the id is "3" instead of "5"', row: 2, line: 3, field: 'id' },
      { message: '"1.0" is not an integer', row: 2, line: 3, field: 'target' },
    ]);
    expect(await check('id,target\n3,a\n5,\n7,c\n', 'id,target\n3,a\n5,a\n7,a\n')).toEqual([
      { message: '"" is not a value', row: 2, line: 3, field: 'target' },
    ]);
    expect(await check('id,target\n3,0.1\n5,x\n7,NaN\n', 'id,target\n3,0.5\n5,0\n7,0\n')).toMatchObject([
      { message: '"x" is not a number' },
      { message: '"NaN" is not a number' },
    ]);
  });
});

describeShared('a real sample submission', ['data', 'disaster-tweets'], () => {
  it('tweets', async () => {
    const sample = await readTable(sharedPath('data', 'disaster-tweets', 'sample_submission.csv')!);
    const ids = sample.rows.map(([id]) => id!);
    const { columns, rows } = build(
      sample,
      { file: 'test.csv', ids: [...ids].reverse(), classes: ['0', '1'], probabilities: ids.map((_, i) => (i % 3) / 2.5) },
      'id',
    );
    const written = await tableOf(writeCsv(columns, rows), 'submission.csv');
    checkSubmission(written, sample, 'id');
    expect(written.rows).toHaveLength(3263);
    expect(new Set(written.rows.map(([, value]) => value))).toEqual(new Set(['0', '1']));
  });
});

import { describe, expect, it } from 'vitest';
import type { TableFormat } from '../../../src/core/table-files.ts';
import { parseTable, readTable, type Table } from '../../../src/data/tables/table.ts';
import { columnProblems, remedyFor, type NamedColumns } from '../../../src/data/tables/column-problems.ts';
import { unlabelledExamples, type LabelledColumns } from '../../../src/data/examples/examples.ts';
import { labelledExamples, readTrainExamples } from '../../helpers/class-examples.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { errorOf } from '../support.ts';

const columns: LabelledColumns = { id: 'id', text: 'text', target: 'target' };

const tableOf = (header: string, rows: readonly string[]): Promise<Table> =>
  parseTable(Buffer.from(`${[header, ...rows].join('\n')}\n`), 'train.csv', 'csv');

/** Rows with these targets, in turn, and ids and texts of their own. */
const withTargets = (targets: readonly string[]): Promise<Table> =>
  tableOf(
    'id,text,target',
    targets.map((target, i) => `${i},text ${i},${target}`),
  );

const problemsOf = async (table: Table, named: LabelledColumns = columns) => {
  const error = await errorOf(() => labelledExamples(table, named));
  expect([error.code, error.subject]).toEqual(['data', 'train.csv']);
  expect(error.remedy).toContain('data.target');
  return error.problems.map((problem) => ({ ...problem, file: undefined }));
};

describe('a column that is not there', () => {
  it.each<[string, TableFormat, string, RegExp]>([
    ['{"user": {"text": "a"}, "target": 1}\n', 'jsonl', 'user.text', /^A nested value is not a column/],
    ['{"texts": ["a"], "target": 1}\n', 'jsonl', 'texts[0]', /^A nested value is not a column/],
    ['{"body": "a", "target": 1}\n', 'jsonl', 'user.text', /^Name other columns/],
    ['\ufeff\ufefftext,target\na,1\n', 'csv', 'text', /two byte order marks/],
    ['{"body": "a", "target": 1}\n', 'jsonl', '{{keyword}}: {{body}}', /^A template names a column in single braces/],
    ['x, text,target\n1,a,1\n', 'csv', 'text', /have spaces around them/],
  ])('%s as %s: %s', async (content, format, text, remedy) => {
    const table = await parseTable(Buffer.from(content), `x.${format}`, format);
    expect((await errorOf(() => labelledExamples(table, { id: null, text, target: 'target' }))).remedy).toMatch(remedy);
  });
});

describe('a column that divides the rows and is not there', () => {
  const remedyOf = async (named: NamedColumns): Promise<string> => {
    const table = await withTargets(['a', 'b']);
    return remedyFor(table, named, columnProblems(table, named));
  };

  it('is named by its own key', async () => {
    const own = { 'data.id': 'id', 'data.text': 'text' };
    expect(await remedyOf({ ...own, 'split.column': null, 'split.order': 'day' })).toBe('Name another column in split.order.');
    expect(await remedyOf({ ...own, 'split.column': 'part' })).toBe('Name another column in split.column.');
    const both = await remedyOf({ 'data.id': 'id', 'data.text': 'words', 'split.order': 'day' });
    expect(both).toMatch(/^Name other columns in data\.id.* Likewise name another column in split\.order\.$/);
  });
});

describe('examples', () => {
  it('are ids, texts and labels in the order of the table', async () => {
    const table = await tableOf('target,text,id', ['b,one,x', 'a,"two, too",y', 'b,,z', 'a,four,w']);
    expect(labelledExamples(table, columns)).toEqual({
      ids: ['x', 'y', 'z', 'w'],
      texts: ['one', 'two, too', '', 'four'],
      labels: Int32Array.of(1, 0, 1, 0),
      classes: ['a', 'b'],
    });
    expect(unlabelledExamples(table, columns)).toEqual({ ids: ['x', 'y', 'z', 'w'], texts: ['one', 'two, too', '', 'four'] });
  });

  it('have row numbers for ids where no column is named', async () => {
    expect(unlabelledExamples(await withTargets(['a', 'b', 'a']), { id: null, text: 'text' }).ids).toEqual(['0', '1', '2']);
  });

  it('are made by a template, of empty cells too', async () => {
    const table = await tableOf('id,target,a,b{1}', ['1,x,p,q', '2,y,,', '3,x,p,', '4,y,"{a}",z']);
    const texts = (text: string) => labelledExamples(table, { ...columns, text }).texts;
    expect(texts('{a} <{b{{1}}}>')).toEqual(['p <q>', ' <>', 'p <>', '{a} <z>']);
    expect(texts('b{{1}}')).toEqual(['q', '', '', 'z']);
    expect(await problemsOf(table, { ...columns, text: '{aa}: {c} {id}' })).toMatchObject([
      { message: expect.stringMatching(/^there is no column "aa", which data\.text names/) as string, line: 1, field: 'aa', suggestion: 'a' },
      { message: expect.stringMatching(/^there is no column "c"/) as string, field: 'c' },
    ]);
  });

  it('need no target to predict', async () => {
    const table = await tableOf('id,text', ['1,a', '2,b']);
    expect(unlabelledExamples(table, columns).texts).toEqual(['a', 'b']);
  });

  it('order classes by number if all are numbers, otherwise by code point, and keep their text', async () => {
    const classesOf = async (targets: readonly string[]): Promise<readonly string[]> =>
      labelledExamples(await withTargets([...targets, ...targets]), columns).classes;
    expect(await classesOf(['10', '9', '-1', '2.5', '1e1']).catch(() => 'refused')).toBe('refused');
    expect(await classesOf(['10', '9', '-1', '2.5'])).toEqual(['-1', '2.5', '9', '10']);
    expect(await classesOf(['1.0', '0.0'])).toEqual(['0.0', '1.0']);
    expect(await classesOf(['b', 'B', 'a', '10', '9'])).toEqual(['10', '9', 'B', 'a', 'b']);
    // U+FF5E sorts below U+1F525, though its UTF-16 unit is the larger.
    expect(await classesOf(['🔥', '～', 'é'])).toEqual(['é', '～', '🔥']);
  });

  it('tell numbers apart that are one to JavaScript, and keep zeros before them', async () => {
    const classesOf = async (targets: readonly string[]): Promise<readonly string[]> =>
      labelledExamples(await withTargets([...targets, ...targets]), columns).classes;
    expect(await classesOf(['100000000000000000000', '12345678901234567892', '12345678901234567891', '99999999999999999999'])).toEqual([
      '12345678901234567891',
      '12345678901234567892',
      '99999999999999999999',
      '100000000000000000000',
    ]);
    expect(await classesOf(['-9007199254740993', '-9007199254740992', '0.10000000000000000001', '0.1'])).toEqual([
      '-9007199254740993',
      '-9007199254740992',
      '0.1',
      '0.10000000000000000001',
    ]);
    expect(await classesOf(['1e400', '1e401', '-1e400'])).toEqual(['-1e400', '1e400', '1e401']);
    expect(await classesOf(['01', '1', '002'])).toEqual(['01', '1', '002']);
    for (const same of [
      ['1', '1.0'],
      ['1e2', '100'],
      ['+7', '7'],
      ['0', '-0.00'],
      ['12345678901234567890', '12345678901234567890.0'],
    ]) {
      await expect(classesOf([...same, '3'])).rejects.toMatchObject({
        problems: [{ message: expect.stringContaining('the same value written in two ways') as string }],
      });
    }
  });

  it('name the nearest column for each that is missing', async () => {
    const table = await tableOf('Id,tweet,traget', ['1,a,0', '2,b,1']);
    expect(await problemsOf(table)).toEqual([
      {
        message: 'there is no column "id", which data.id names; the columns are "Id", "tweet", "traget"',
        line: 1,
        field: 'id',
        suggestion: 'Id',
      },
      expect.objectContaining({ line: 1, field: 'text' }),
      {
        message: 'there is no column "target", which data.target names; the columns are "Id", "tweet", "traget"',
        line: 1,
        field: 'target',
        suggestion: 'traget',
      },
    ]);
  });

  it('name every row with an empty target or id, and ids that occur again', async () => {
    const table = await tableOf('id,text,target', ['1,a,0', '2,"b\nb",', '1,c,1', ',d,1', '5,e,0', '6,f, ', '1,g,1']);
    expect(await problemsOf(table)).toEqual([
      { message: 'the id "1" is already used in row 1', row: 3, line: 5, field: 'id' },
      { message: 'the id is empty', row: 4, line: 6, field: 'id' },
      { message: 'the id "1" is already used in row 1', row: 7, line: 9, field: 'id' },
      { message: 'the target is empty', row: 2, line: 3, field: 'target' },
      { message: 'the target is empty', row: 6, line: 8, field: 'target' },
    ]);
  });

  it('need two classes', async () => {
    expect(await problemsOf(await withTargets(['x', 'x', 'x']))).toEqual([
      { message: 'all rows have the same target, "x"; there is nothing to learn', line: 1, field: 'target' },
    ]);
  });

  it('need each of two classes twice, and may have one row of one of several', async () => {
    expect(await problemsOf(await withTargets(['no', 'yes', 'no', 'no']))).toEqual([
      { message: 'the class "yes" has only this row, which cannot be in training and in validation', row: 2, line: 3, field: 'target' },
    ]);
    expect(labelledExamples(await withTargets(['0', '1', '0', '1', '2']), columns).classes).toEqual(['0', '1', '2']);
  });

  it('do not take a class written in two ways for two', async () => {
    expect(await problemsOf(await withTargets(['1', '1.0', '0', '1.0', '1', '0', '1.0', '1.0']))).toEqual([
      {
        message: 'the classes "1" (rows 1, 5) and "1.0" (rows 2, 4, 7 and 1 more) are the same value written in two ways',
        field: 'target',
      },
    ]);
    expect((await problemsOf(await withTargets(['a', 'b', '" a"', 'a', 'b', '" a"'])))[0]?.message).toBe(
      'the classes " a" (rows 3, 6) and "a" (rows 1, 4) are the same value written in two ways',
    );
    expect(await problemsOf(await withTargets(['caf\u00e9', 'cafe\u0301', 'b', 'caf\u00e9', 'cafe\u0301', 'b']))).toHaveLength(1);
  });

  it('say so once when the target does not hold classes', async () => {
    const numbers = Array.from({ length: 30 }, (_, i) => `${i / 7}`);
    expect(await problemsOf(await withTargets(numbers))).toEqual([
      { message: 'the target has 30 different values in 30 rows, so it does not hold classes', line: 1, field: 'target' },
    ]);
  });
});

describeShared('examples of real tables', ['data', 'disaster-tweets'], () => {
  it('tweets', async () => {
    const train = await readTrainExamples(sharedPath('data', 'disaster-tweets', 'train.csv')!, {
      ...columns,
      conflicts: 'keep',
      duplicates: 'keep',
    });
    expect(train.classes).toEqual(['0', '1']);
    expect([train.ids.length, train.texts.length, train.labels.length]).toEqual([7613, 7613, 7613]);
    expect(train.labels.reduce((sum, label) => sum + label, 0)).toBe(3271);
    const test = unlabelledExamples(await readTable(sharedPath('data', 'disaster-tweets', 'test.csv')!), columns);
    expect([test.ids.length, test.ids[0], test.texts[0]]).toEqual([3263, '0', 'Just happened a terrible car crash']);
  });
});

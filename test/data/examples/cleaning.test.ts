import { describe, expect, it } from 'vitest';
import { cleaned, type CleaningOptions } from '../../../src/data/examples/cleaning.ts';
import type { TrainOptions } from '../../../src/data/examples/examples.ts';
import { readTrainExamples, trainExamples } from '../../helpers/class-examples.ts';
import { classTargets } from '../../../src/tasks/classification/labels.ts';
import { parseTable, type Table } from '../../../src/data/tables/table.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { countsBy, errorOf } from '../support.ts';

const classes = ['no', 'yes', 'maybe'];

/** Rows as `text:class`, from which ids and labels follow; answers with what is left, as `id text:class`. */
function left(rows: readonly string[], options: Partial<CleaningOptions>) {
  const parts = rows.map((row) => row.split(':') as [string, string]);
  const examples = {
    ids: rows.map((_, i) => `#${i}`),
    texts: parts.map(([text]) => text),
    targets: classTargets(parts.map(([, name]) => classes.indexOf(name))),
    task: null,
  };
  const after = cleaned(examples, { conflicts: 'keep', duplicates: 'keep', ...options });
  expect([...after.rows].map((row) => `#${row}`)).toEqual(after.ids);
  return { rows: after.ids.map((id, i) => `${id} ${after.texts[i]}:${classes[after.targets.values[i]!]}`), ...after.cleaning };
}

const rows = ['a:yes', 'b:no', 'a:no', 'c:no', 'a:yes', 'b:no', 'd:no', 'd:maybe', 'A:no'];

describe('cleaning', () => {
  it('leaves everything as it is unless it is told otherwise', () => {
    expect(left(rows, {})).toEqual({ rows: rows.map((row, i) => `#${i} ${row}`), conflicting: 0, relabelled: 0, duplicate: 0 });
  });

  it('leaves out every row of a text with different classes', () => {
    expect(left(rows, { conflicts: 'drop' })).toEqual({
      rows: ['#1 b:no', '#3 c:no', '#5 b:no', '#8 A:no'],
      conflicting: 5,
      relabelled: 0,
      duplicate: 0,
    });
  });

  it('gives a text the class of most of its rows, and leaves it out where there is no such class', () => {
    expect(left(rows, { conflicts: 'majority' })).toEqual({
      rows: ['#0 a:yes', '#1 b:no', '#2 a:yes', '#3 c:no', '#4 a:yes', '#5 b:no', '#8 A:no'],
      conflicting: 2,
      relabelled: 1,
      duplicate: 0,
    });
    expect(left(['a:yes', 'a:no', 'a:maybe', 'a:no', 'a:yes'], { conflicts: 'majority' }).conflicting).toBe(5);
  });

  it('keeps the first row with the same text and class', () => {
    expect(left(rows, { duplicates: 'drop' })).toEqual({
      rows: ['#0 a:yes', '#1 b:no', '#2 a:no', '#3 c:no', '#6 d:no', '#7 d:maybe', '#8 A:no'],
      conflicting: 0,
      relabelled: 0,
      duplicate: 2,
    });
    expect(left(rows, { conflicts: 'majority', duplicates: 'drop' }).rows).toEqual(['#0 a:yes', '#1 b:no', '#3 c:no', '#8 A:no']);
  });

  it('of rows that are all the same leaves one', () => {
    expect(
      left(
        Array.from({ length: 50 }, () => 'a:yes'),
        { duplicates: 'drop' },
      ),
    ).toEqual({ rows: ['#0 a:yes'], conflicting: 0, relabelled: 0, duplicate: 49 });
  });
});

describe('training rows', () => {
  const tableOf = (lines: readonly string[]): Promise<Table> =>
    parseTable(Buffer.from(`text,target,user\n${lines.join('\n')}\n`), 'rows.csv', 'csv');
  const options: TrainOptions = { id: null, text: 'text', target: 'target', conflicts: 'keep', duplicates: 'keep' };

  it('are refused where cleaning leaves too little of a class', async () => {
    const table = await tableOf(['a,0,1', 'a,1,1', 'b,0,1', 'c,0,1', 'a,1,1', 'd,1,1']);
    const error = await errorOf(() => trainExamples(table, { ...options, conflicts: 'drop' }));
    expect(error).toMatchObject({
      code: 'data',
      message: 'rows.csv is too little without 3 rows with conflicting targets and 0 with repeated texts',
    });
    expect(error.problems).toEqual([{ message: 'of the class "1" only one row is left', file: 'rows.csv' }]);
  });

  it('keep their ids and have groups by text or by a column, numbered in order of the values', async () => {
    const table = await tableOf(['b,0,10', 'a,1,9', 'b,0,9', 'c,1,10', 'd,0,10']);
    const deduplicated: TrainOptions = { ...options, duplicates: 'drop' };
    expect(trainExamples(table, options).groups).toBeNull();
    expect(trainExamples(table, { ...options, group_by: 'text' }).groups).toEqual({ of: Int32Array.of(1, 0, 1, 2, 3), count: 4 });
    expect(trainExamples(table, { ...options, group_by: 'user' }).groups).toEqual({ of: Int32Array.of(1, 0, 0, 1, 1), count: 2 });
    expect(trainExamples(table, { ...deduplicated, group_by: 'user' })).toMatchObject({
      ids: ['0', '1', '3', '4'],
      groups: { of: Int32Array.of(1, 0, 1, 1) },
    });
    const error = await errorOf(() => trainExamples(table, { ...options, group_by: 'usr' }));
    expect(error.problems).toMatchObject([
      { message: 'there is no column "usr", which split.group_by names; the columns are "text", "target", "user"', suggestion: 'user' },
    ]);
  });

  it('need a text that is not empty', async () => {
    expect((await errorOf(async () => trainExamples(await tableOf([',0,1', ' ,1,1', ',0,1', ',1,1']), options))).problems).toMatchObject([
      { message: 'all texts are empty', field: 'text' },
    ]);
  });
});

/** Counted with Python's csv and collections, texts compared as str. */
describeShared('cleaned tweets', ['data', 'disaster-tweets'], () => {
  const read = async (options: Partial<CleaningOptions>) =>
    readTrainExamples(sharedPath('data', 'disaster-tweets', 'train.csv')!, {
      id: 'id',
      text: 'text',
      target: 'target',
      conflicts: 'keep',
      duplicates: 'keep',
      ...options,
    });

  it('lose what repeats and contradicts itself', async () => {
    expect((await read({ conflicts: 'drop' })).cleaning).toEqual({ conflicting: 55, relabelled: 0, duplicate: 0 });
    expect((await read({ duplicates: 'drop' })).cleaning).toEqual({ conflicting: 0, relabelled: 0, duplicate: 92 });
    const settled = await read({ conflicts: 'majority', duplicates: 'drop' });
    expect(new Set(settled.texts).size).toBe(settled.texts.length);
    expect(settled.cleaning).toEqual({ conflicting: 24, relabelled: 10, duplicate: 96 });
    expect(countsBy(settled.labels, 2).reduce((sum, rows) => sum + rows)).toBe(7613 - 24 - 96);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unlabelledExamples, type TrainOptions } from '../../src/data/examples/examples.ts';
import { columnsOf, parseTable, type Table } from '../../src/data/tables/table.ts';
import { labelledAs, openExamples, trainExamples, writeExamples } from '../../src/tasks/index.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

const options: TrainOptions = { id: 'id', text: 'text', target: 'target', conflicts: 'majority', duplicates: 'drop' };

/** The text `b` has two classes, and `a` stands there twice. */
const lines = ['id,text,target,user', '10,a,no,u', '11,b,yes,v', '12,b,no,v', '13,b,yes,u', '14,a,no,w', '15,c,yes,w', '16,"d,\né",no,u'];

const tableOf = (rows: readonly string[]): Promise<Table> => parseTable(Buffer.from(rows.join('\n')), 'some.csv', 'csv');

async function stored(more: Partial<TrainOptions> = {}) {
  const [folder, table] = [temporaryFolder(), await tableOf(lines)];
  const train = trainExamples(table, { ...options, ...more });
  const test = unlabelledExamples(await tableOf(['id,text,user', '7,x,1', '8,,2']), { ...options, ...more });
  writeExamples(folder, { train, table: columnsOf(table), named: { ...options, ...more }, test });
  return { folder, train, test, opened: openExamples(folder) };
}

describe('examples in a folder', () => {
  it('are what was read, cleaned and decoded', async () => {
    const { train, test, opened } = await stored();
    expect(train.rows).toEqual(Int32Array.of(0, 1, 5, 6));
    const { groups: _, task, ...rows } = train;
    const { task: openedTask, ...examples } = opened.train.examples();
    expect({ ...examples, all: { ...examples.all, task: null } }).toEqual({ ...rows, all: { ...rows.all, task: null } });
    expect(openedTask.description).toEqual(task.description);
    expect(opened.train.count).toBe(4);
    expect(opened.train.ids()).toEqual(['10', '11', '15', '16']);
    expect(opened.train.texts()).toEqual(['a', 'b', 'c', 'd,\né']);
    expect(opened.train.targets()).toEqual(train.targets);
    expect([opened.test?.count, opened.test?.ids(), opened.test?.texts()]).toEqual([2, test.ids, test.texts]);
  });

  it('have all columns of the table, those that were read among them', async () => {
    const { opened } = await stored();
    const { table } = opened.train;
    expect(table.columns).toEqual(['id', 'text', 'target', 'user']);
    expect(table.columns.map((name) => table.column(name).at(2))).toEqual(['12', 'b', 'no', 'v']);
  });

  it.each(['text', 'user', 'target', 'id'])('are grouped by %s as the table is', async (by) => {
    const { opened } = await stored();
    expect(opened.train.groupsBy(by)).toEqual(trainExamples(await tableOf(lines), { ...options, group_by: by }).groups);
  });

  it('say which column there is none of to group by', async () => {
    const { opened } = await stored();
    expect(() => opened.train.groupsBy('usr')).toThrow(
      expect.objectContaining({ code: 'data', problems: [{ message: 'the training table has no column "usr"', field: 'split.group_by' }] }),
    );
  });

  it('that a template makes have its texts, and the table its columns', async () => {
    const text = '{user}: {text}!';
    const { opened, train } = await stored({ text, duplicates: 'keep' });
    expect(opened.train.texts()).toEqual(['u: a!', 'v: b!', 'v: b!', 'u: b!', 'w: a!', 'w: c!', 'u: d,\né!'].filter((_, i) => train.rows.includes(i)));
    expect(opened.train.table.column('text').at(1)).toBe('b');
    const table = await tableOf(lines);
    expect(opened.train.groupsBy('text')).toEqual(trainExamples(table, { ...options, text, duplicates: 'keep', group_by: 'text' }).groups);
    expect(opened.test?.texts()).toEqual(['1: x!', '2: !']);
  });

  it('that are pairs have a column a segment, and those of the table', async () => {
    const more = { text: ['text', '<{user}>'], conflicts: 'keep', duplicates: 'keep' } as const;
    const { opened, train, test } = await stored(more);
    expect(opened.train.texts()).toEqual(train.texts);
    expect(opened.train.texts().slice(0, 2)).toEqual([['a', '<u>'], ['b', '<v>']]);
    expect(opened.train.table.columns.map((name) => opened.train.table.column(name).at(2))).toEqual(['12', 'b', 'no', 'v']);
    expect(opened.train.groupsBy('text')).toEqual(trainExamples(await tableOf(lines), { ...options, ...more, group_by: 'text' }).groups);
    expect(opened.train.groupsBy('text')?.count).toBe(6);
    expect([opened.test?.texts(), test.texts]).toEqual([[['x', '<1>'], ['', '<2>']], [['x', '<1>'], ['', '<2>']]]);
  });

  it('have the rows of a table for validation behind those that are trained on', async () => {
    const [folder, table] = [temporaryFolder(), await tableOf(lines)];
    const train = trainExamples(table, options);
    const other = await tableOf(['key,words,y', '10,n1,yes', '3,n2,no', '4,n1,yes']);
    const validation = labelledAs(train.task, other, { id: 'key', text: 'words', target: 'y' }, {});
    writeExamples(folder, { train, table: columnsOf(table), named: options, validation, test: null });
    const opened = openExamples(folder);
    expect([opened.train.count, opened.validation?.count, opened.labelled.count]).toEqual([4, 3, 7]);
    expect(opened.labelled.ids()).toEqual([...train.ids, '10', '3', '4']);
    expect(opened.labelled.texts().slice(4)).toEqual(['n1', 'n2', 'n1']);
    expect([...opened.labelled.targets().values]).toEqual([...train.targets.values, 1, 0, 1]);
    expect(opened.validation?.ids()).toEqual(['10', '3', '4']);
    const without = await stored();
    expect([without.opened.validation, without.opened.labelled]).toEqual([null, without.opened.train]);
  });

  it('have the weights of the rows that are trained on, 1 in the mean, and those of a table for validation on their scale', async () => {
    const weighed = ['1', '5', '9', '9', '9', '2', '0'].map((weight, row) => `${lines[row + 1]},${weight}`);
    const [folder, table] = [temporaryFolder(), await tableOf([`${lines[0]},w`, ...weighed])];
    const train = trainExamples(table, { ...options, weight: 'w' });
    const weightsOf = async (rows: readonly string[]): Promise<readonly (Float64Array | undefined)[]> => {
      const validation = labelledAs(train.task, await tableOf(rows), { id: 'id', text: 'text', target: 'target', weight: 'w' }, {});
      writeExamples(folder, { train, table: columnsOf(table), named: options, validation, test: null });
      const opened = openExamples(folder);
      expect(opened.train.examples()).toMatchObject({ weights: train.weights, all: { weights: train.all.weights } });
      return [opened.train.weights(), opened.validation?.weights(), opened.labelled.weights()];
    };
    expect([...train.weights!]).toEqual([1, 5, 2, 0]);
    expect(await weightsOf(['id,text,target,w', '1,x,yes,4', '2,y,no,0'])).toEqual([
      Float64Array.of(0.5, 2.5, 1, 0),
      Float64Array.of(2, 0),
      Float64Array.of(0.5, 2.5, 1, 0, 2, 0),
    ]);
    expect(await weightsOf(['id,text,target', '1,x,yes', '2,y,no'])).toEqual([
      Float64Array.of(0.5, 2.5, 1, 0),
      Float64Array.of(1, 1),
      Float64Array.of(0.5, 2.5, 1, 0, 1, 1),
    ]);
    expect((await weightsOf(['id,text,target,w', '1,x,yes,0', '2,y,no,0']))[1]).toEqual(Float64Array.of(0, 0));
    const many = await weightsOf(['id,text,target', ...Array.from({ length: 130_000 }, (_, row) => `${row},x,yes`)]);
    expect(many[2]).toHaveLength(130_004);
    await expect(weightsOf(['id,text,target,w', '1,x,yes,4', '2,y,no,'])).rejects.toMatchObject({
      problems: [{ message: 'the weight is missing', row: 2, line: 3, field: 'w' }],
    });
    const without = await stored();
    expect([without.opened.train.weights(), without.opened.labelled.weights()]).toEqual([undefined, undefined]);
  });

  it('whose ids are row numbers keep the column that is called id', async () => {
    const [folder, table] = [temporaryFolder(), await tableOf(lines)];
    const train = trainExamples(table, { ...options, id: null });
    writeExamples(folder, { train, table: columnsOf(table), named: { id: null, text: 'text' }, test: null });
    const opened = openExamples(folder);
    expect([opened.train.ids(), opened.train.table.column('id').at(0), opened.test]).toEqual([['0', '1', '5', '6'], '10', null]);
  });

  it('are refused where rows are missing, or the description is none', async () => {
    const { folder } = await stored();
    const path = join(folder, 'examples.json');
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.replace('"rows": 4', '"rows": 5'));
    expect(() => openExamples(folder)).toThrow('its column trained has 4 values instead of 5');
    writeFileSync(path, whole.replace('"yes"', '3'));
    expect(() => openExamples(folder)).toThrow(expect.objectContaining({ code: 'data', subject: path }));
    writeFileSync(path, whole.replace('"table_rows": 7', '"table_rows": null'));
    expect(() => openExamples(folder)).toThrow('train.table_rows is null, not a whole number');
  });
});

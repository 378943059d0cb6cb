import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectDataset } from '../../src/runner/index.ts';
import { smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

const folder = temporaryFolder();
const good = Array.from({ length: 12 }, (_, i) => `${i},message ${i},${i % 2}`);

async function inspected(train: string, ...set: readonly string[]) {
  const path = join(folder, 'train.csv');
  writeFileSync(path, train);
  const { experiment } = await smallQuickstart(`data.train=${path}`, 'data.test=null', 'data.sample_submission=null', ...set);
  return inspectDataset(experiment);
}

const table = (rows: readonly string[]): string => `id,text,target\n${rows.join('\n')}\n`;
const testTable = join(folder, 'test.csv');
writeFileSync(testTable, 'id,words\n1,a\n');

describe('data that cannot be used are refused, not found worth knowing', () => {
  it.each([
    ['an empty file', '', [], /is empty/],
    ['a header alone', 'id,text,target\n', [], /has a header and no rows/],
    ['one class', table(good.map((row) => row.replace(/.$/, '1'))), [], /all rows have the same target/],
    ['ids that repeat', table([...good, '3,again,1']), [], /the id "3" also stands in row 4/],
    ['a class with fewer rows than folds', table([...good, '12,a,rare', '13,b,rare']), ['split.folds=3'], /the class "rare" has 2 rows for 3 folds: rows 13, 14/],
    ['texts without anything in them', table(good.map((row) => row.replace(/message \d+/, ' '))), [], /all texts are empty/],
    ['one text for all', table(good.map((row) => row.replace(/message \d+/, 'same'))), ['split.group_by=text'], /split\.group_by makes 1 group for 2 folds/],
    ['nothing left', table(good.map((row) => row.replace(/message \d+/, 'same'))), ['data.conflicts=drop'], /of the class "0" no row is left/],
    ['a test table without the text', table(good), [`data.test=${testTable}`], /there is no column "text"/],
  ])('%s', async (_, train, set, message) => {
    const error = await inspected(train, ...set).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'data' });
    expect(JSON.stringify([(error as Error).message, error]).replaceAll('\\"', '"')).toMatch(message);
  });

  it.each([
    [['training.best_model.monitor=val/f1'], ['best_model']],
    [['training.early_stopping={ monitor: train/f1 }'], ['early_stopping']],
    [['training.schedule={ name: reduce-on-plateau, monitor: val/f1, mode: max }', 'training.best_model.monitor=val/f1'], ['best_model', 'schedule']],
  ])('a metric of two classes where there are three: %s', async (set, keys) => {
    const three = table(good.map((row, i) => row.replace(/.$/, String(i % 3))));
    const suggestion = set[0]?.includes('train/f1') === true ? 'train/f1_macro' : 'val/f1_macro';
    const problems = keys.map((key) => ({ field: `training.${key}.monitor`, message: expect.stringContaining('have 3') as string, suggestion }));
    await expect(inspected(three, ...set)).rejects.toMatchObject({ code: 'data', problems });
    await expect(inspected(table(good), ...set)).resolves.toMatchObject({ sizes: { classes: ['0', '1'] } });
  });

  it('but the area under the curve is measured for three classes, too, and is told beside what else is wrong', async () => {
    const three = table(good.map((row, i) => row.replace(/.$/, String(i % 3))));
    await expect(inspected(three, 'training.best_model.monitor=val/roc_auc')).resolves.toMatchObject({ sizes: { classes: ['0', '1', '2'] } });
    const both = inspected(three, 'training.best_model.monitor=val/f1', `data.test=${testTable}`);
    await expect(both).rejects.toMatchObject({ problems: [{ message: expect.stringContaining('"text"') as string }, { field: 'training.best_model.monitor' }] });
  });

  it('and the sizes are those of what is trained on', async () => {
    const { sizes, findings } = await inspected(table([...good, '12,message 1,1', '13,message 2,1']), 'data.conflicts=drop', 'data.duplicates=drop');
    expect(sizes).toEqual({ rows: 11, classes: ['0', '1'], testRows: null, trainRowsOfFold: [5, 6] });
    expect(findings.map(({ code }) => code)).toEqual(['duplicate-texts', 'conflicting-classes', 'cleaned-rows', 'class-balance', 'cut-texts', 'padding']);
  });
});

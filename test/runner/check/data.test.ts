import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectDataset } from '../../../src/runner/check/data.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';

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
    ['ids that repeat', table([...good, '3,again,1']), [], /the id "3" is already used in row 4/],
    [
      'one of two classes with fewer rows than folds',
      table([...good.slice(0, 3), ...good.slice(3).map((row) => row.replace(/.$/, '0')), '12,a,1']),
      ['split.folds=3'],
      /the class "1" has 2 rows for 3 folds: rows 2, 13/,
    ],
    [
      'one of two classes with one row',
      table([...good.map((row) => row.replace(/.$/, '0')), '12,a,rare']),
      [],
      /the class "rare" has only this row/,
    ],
    [
      'a weight of a class that is not there',
      table(good),
      ['training.loss.class_weights={ spam: 2 }'],
      /training\.loss does not fit 2 classes/,
    ],
    [
      'three classes, each with fewer rows than folds',
      table(['0,a,x', '1,b,y', '2,c,z', '3,d,x', '4,e,y', '5,f,z']),
      ['split.folds=3'],
      /no class has as many rows as there are folds, 3; the largest has 2 rows/,
    ],
    [
      'a fold whose training rows all weigh nothing',
      `id,text,target,w\n${good.map((row, i) => `${row},${i < 6 ? 0 : 1}`).join('\n')}\n`,
      ['data.weight=w', 'split.strategy=kfold', 'split.shuffle=false'],
      /all rows that fold 1 is trained on have the weight 0/,
    ],
    ['texts without anything in them', table(good.map((row) => row.replace(/message \d+/, ' '))), [], /all texts are empty/],
    [
      'one text for all',
      table(good.map((row) => row.replace(/message \d+/, 'same'))),
      ['split.group_by=text'],
      /split\.group_by makes 1 group for 2 folds/,
    ],
    [
      'nothing left',
      table(good.map((row) => row.replace(/message \d+/, 'same'))),
      ['data.conflicts=drop'],
      /of the class "0" no row is left/,
    ],
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
    [
      ['training.schedule={ name: reduce-on-plateau, monitor: val/f1, mode: max }', 'training.best_model.monitor=val/f1'],
      ['best_model', 'schedule'],
    ],
  ])('a metric of two classes where there are three: %s', async (set, keys) => {
    const three = table(good.map((row, i) => row.replace(/.$/, String(i % 3))));
    const suggestion = set[0]?.includes('train/f1') === true ? 'train/f1_macro' : 'val/f1_macro';
    const problems = keys.map((key) => ({
      field: `training.${key}.monitor`,
      message: expect.stringContaining('have 3') as string,
      suggestion,
    }));
    await expect(inspected(three, ...set)).rejects.toMatchObject({ code: 'data', problems });
    await expect(inspected(table(good), ...set)).resolves.toMatchObject({ sizes: { task: { classes: ['0', '1'] } } });
  });

  it('without its target is asked for the target alone, whatever columns the sample has', async () => {
    const sample = join(folder, 'classes-sample.csv');
    writeFileSync(sample, 'id,a,b,c\n20,0,0,1\n21,0,0,1\n');
    writeFileSync(join(folder, 'classes-test.csv'), 'id,text\n20,u\n21,v\n');
    const missing = inspected(
      table(good),
      'data.target=nope',
      `data.test=${join(folder, 'classes-test.csv')}`,
      `data.sample_submission=${sample}`,
    );
    await expect(missing).rejects.toMatchObject({
      problems: [{ message: expect.stringContaining('there is no column "nope"') as string }],
    });
  });

  it('of more than two classes some may have fewer rows than folds, even one', async () => {
    const { sizes, findings } = await inspected(table([...good, '12,a,rare', '13,b,rare', '14,c,lone']), 'split.folds=3');
    expect(sizes).toMatchObject({ rows: 15, task: { classes: ['0', '1', 'lone', 'rare'] } });
    expect(findings.filter(({ code }) => code.endsWith('class')).map(({ severity, code, count }) => [severity, code, count])).toEqual([
      ['warning', 'few-rows-of-class', 2],
    ]);
  });

  describe('a metric that a fold does not have', () => {
    const sorted = table(good.map((row, i) => row.replace(/.$/, i < 9 ? '0' : '1')));
    const kfold = ['split={ strategy: kfold, folds: 4, shuffle: false }'];
    const grouped = `id,text,target,source\n${good.map((row, i) => `${row.replace(/.$/, i % 4 === 0 ? '1' : '0')},${i % 4}`).join('\n')}\n`;
    const lacking = 'in folds 0, 1, 2, whose validation rows have none of the class "1"';
    const both = `${lacking}, and in fold 3, whose validation rows have none of the class "0"`;

    it.each([
      [
        'training.best_model.monitor=val/roc_auc',
        'best_model',
        `training.best_model.monitor is val/roc_auc, which is not a number ${both}`,
      ],
      [
        'training.best_model.monitor=val/f1',
        'best_model',
        `training.best_model.monitor is val/f1, which is 0 whatever the model predicts ${lacking}`,
      ],
      [
        'training.early_stopping={ monitor: val/roc_auc }',
        'early_stopping',
        `training.early_stopping.monitor is val/roc_auc, which is not a number ${both}`,
      ],
      [
        'training.schedule={ name: reduce-on-plateau, monitor: val/f1, mode: max }',
        'schedule',
        `training.schedule.monitor is val/f1, which is 0 whatever the model predicts ${lacking}`,
      ],
      [
        'training.best_model.monitor=train/roc_auc',
        'best_model',
        'training.best_model.monitor is train/roc_auc, which is not a number in fold 3, whose training rows have none of the class "1"',
      ],
    ])('is refused where the configuration watches it: %s', async (set, key, message) => {
      await expect(inspected(sorted, ...kfold, set)).rejects.toMatchObject({
        code: 'data',
        problems: [{ field: `training.${key}.monitor`, message }],
      });
    });

    it('is refused for folds of groups, for each class of several, and for rare classes with the reason', async () => {
      const set = ['split={ strategy: kfold, folds: 4, shuffle: false, group_by: source }', 'training.best_model.monitor=val/roc_auc'];
      await expect(inspected(grouped, ...set)).rejects.toMatchObject({
        code: 'data',
        problems: [{ field: 'training.best_model.monitor' }],
      });
      const rare = inspected(table([...good, '12,a,lone']), 'training.best_model.monitor=val/roc_auc');
      await expect(rare).rejects.toMatchObject({
        problems: [{ message: expect.stringMatching(/none of the class "lone"$/) as string }],
        remedy: expect.stringMatching(/^The class "lone" has too few rows \(1\) for 2 folds: add rows/) as string,
      });
    });

    it('is no matter where another one is watched, or where the fold is not trained', async () => {
      await expect(inspected(sorted, ...kfold)).resolves.toBeDefined();
      await expect(
        inspected(sorted, 'split={ strategy: kfold, folds: 4, shuffle: false, only: [3] }', 'training.best_model.monitor=val/f1'),
      ).resolves.toBeDefined();
      await expect(inspected(sorted, 'split.folds=3', 'training.best_model.monitor=val/roc_auc')).resolves.toBeDefined();
    });
  });

  it('but the area under the curve is measured for three classes, too, and is told beside what else is wrong', async () => {
    const three = table(good.map((row, i) => row.replace(/.$/, String(i % 3))));
    await expect(inspected(three, 'training.best_model.monitor=val/roc_auc')).resolves.toMatchObject({
      sizes: { task: { classes: ['0', '1', '2'] } },
    });
    const both = inspected(three, 'training.best_model.monitor=val/f1', `data.test=${testTable}`);
    await expect(both).rejects.toMatchObject({
      problems: [{ message: expect.stringContaining('"text"') as string }, { field: 'training.best_model.monitor' }],
    });
  });

  it('and the sizes are those of what is trained on', async () => {
    const { sizes, findings } = await inspected(
      table([...good, '12,message 1,1', '13,message 2,1']),
      'data.conflicts=drop',
      'data.duplicates=drop',
    );
    expect(sizes).toEqual({
      rows: 11,
      validationRows: null,
      task: { classes: ['0', '1'] },
      testRows: null,
      trainRowsOfFold: [5, 6],
      validationRowsOfFold: [6, 5],
    });
    expect(findings.map(({ code }) => code)).toEqual([
      'duplicate-texts',
      'conflicting-classes',
      'cleaned-rows',
      'class-balance',
      'cut-texts',
      'padding',
    ]);
  });
});

describe('tables that differ in their columns', () => {
  const three = (objects: string, sample: string) => {
    writeFileSync(
      join(folder, 'no-ids.jsonl'),
      good.map((row, i) => JSON.stringify({ text: row, target: i % 2, ...(i % 3 === 0 ? { note: 'x' } : {}) })).join('\n'),
    );
    writeFileSync(join(folder, 'ids.tsv'), 'Id\ttweet\n9007199254740993\ta\n9007199254740995\tb\n');
    writeFileSync(join(folder, 'sample.csv'), sample);
    return smallQuickstart(`data={ train: ${join(folder, 'no-ids.jsonl')}, id: null, ${objects} }`).then(({ experiment }) =>
      inspectDataset(experiment),
    );
  };
  const test = `test: { path: ${join(folder, 'ids.tsv')}, id: Id, text: tweet }`;
  const sample = (more: string): string => `sample_submission: { path: ${join(folder, 'sample.csv')}${more} }`;

  it.each([
    ['the id is called as in the test table', '', 'target,Id\n0,9007199254740995\n0,9007199254740993\n'],
    ['the id is found by its values', '', 'target,number\n0,9007199254740995\n0,9007199254740993\n'],
    ['the id is named', ', id: number', 'target,number\n0,9007199254740995\n0,9007199254740993\n'],
    ['a column without a name stands before it', '', ',Id,target\n0,9007199254740995,0\n1,9007199254740993,0\n'],
    ['it has no header', ', columns: [Id, target]', '9007199254740995,0\n9007199254740993,0\n'],
  ])('fit together where %s', async (_, more, content) => {
    expect((await three(`${test}, ${sample(more)}`, content)).sizes).toMatchObject({ rows: 12, testRows: 2 });
  });

  it('are told where they do not', async () => {
    const wrong = 'target,number\n0,9007199254740992\n0,9007199254740993\n';
    await expect(three(`${test}, ${sample('')}`, wrong)).rejects.toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringContaining('there is no id column "Id"') as string }),
      ]) as unknown[],
    });
    await expect(three(`${test}, ${sample(', id: number')}`, wrong)).rejects.toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ message: 'there is no prediction for the id "9007199254740992"' }),
      ]) as unknown[],
    });
  });
});

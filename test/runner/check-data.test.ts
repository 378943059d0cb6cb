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
    ['a class with fewer rows than folds', table([...good, '12,a,rare', '13,b,rare']), ['split.folds=3'], /the class "rare" has 2 rows for 3 folds: 13, 14/],
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

  it('and the sizes are those of what is trained on', async () => {
    const { sizes, findings } = await inspected(table([...good, '12,message 1,1', '13,message 2,1']), 'data.conflicts=drop', 'data.duplicates=drop');
    expect(sizes).toEqual({ rows: 11, classes: ['0', '1'], testRows: null, trainRowsOfFold: [5, 6] });
    expect(findings.map(({ code }) => code)).toEqual(['duplicate-texts', 'conflicting-classes', 'cleaned-rows', 'class-balance', 'cut-texts', 'padding']);
  });
});

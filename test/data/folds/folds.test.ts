import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assignFolds, readFolds, writeFolds, type FoldedRows } from '../../../src/data/folds/folds.ts';
import { groupKFold, stratifiedGroupKFold } from '../../../src/data/folds/group-kfold.ts';
import { kFold, stratifiedKFold } from '../../../src/data/folds/kfold.ts';
import { classStrata } from '../../../src/tasks/classification/strata.ts';
import { errorOf, randomLabels } from '../support.ts';

const folded = (labels: Int32Array, more: Partial<FoldedRows> = {}): FoldedRows => ({
  strata: classStrata(labels, ['no', 'yes']),
  groups: null,
  rows: Int32Array.from(labels.keys()),
  ...more,
});

describe('folds', () => {
  it('are divided as strategy, shuffle and groups say', () => {
    const labels = randomLabels(60, 2, 1);
    const groups = { of: randomLabels(60, 20, 2), count: 20 };
    const [stratified, plain] = [{ strategy: 'stratified-kfold', folds: 5 }, { strategy: 'kfold', folds: 5 }] as const;
    expect(assignFolds(folded(labels), { ...stratified, shuffle: true, seed: 1 })).toEqual(stratifiedKFold(labels, 5, 1));
    expect(assignFolds(folded(labels), { ...stratified, shuffle: false, seed: 1 })).toEqual(stratifiedKFold(labels, 5, null));
    expect(assignFolds(folded(labels), { ...plain, shuffle: true, seed: 1 })).toEqual(kFold(60, 5, 1));
    expect(assignFolds(folded(labels), { ...plain, shuffle: false, seed: 1 })).toEqual(kFold(60, 5, null));
    expect(assignFolds(folded(labels, { groups }), { ...stratified, shuffle: true, seed: 1 })).toEqual(
      stratifiedGroupKFold(labels, 2, groups, 5, 1),
    );
    expect(assignFolds(folded(labels, { groups }), { ...plain, shuffle: true, seed: 1 })).toEqual(groupKFold(groups, 5, 1));
    expect(assignFolds(folded(labels, { groups }), { ...plain, shuffle: false, seed: 1 })).toEqual(groupKFold(groups, 5, null));
  });

  it('refuse a class with fewer rows than folds, naming its rows in the table', async () => {
    const labels = Int32Array.of(0, 0, 0, 1, 0, 1);
    const rows = Int32Array.of(0, 1, 2, 3, 6, 9);
    const error = await errorOf(() =>
      assignFolds(folded(labels, { rows }), { strategy: 'stratified-kfold', folds: 3, shuffle: true, seed: 1 }),
    );
    expect(error.code).toBe('data');
    expect(error.problems).toEqual([{ message: 'the class "yes" has 2 rows for 3 folds: rows 4, 10', row: 4 }]);
    expect(() => assignFolds(folded(labels), { strategy: 'stratified-kfold', folds: 2, shuffle: true, seed: 1 })).not.toThrow();
    expect(() => assignFolds(folded(labels), { strategy: 'kfold', folds: 3, shuffle: true, seed: 1 })).not.toThrow();
    expect(() => assignFolds(folded(labels), { strategy: 'kfold', folds: 7, shuffle: true, seed: 1 })).toThrow(/7 folds/);
  });

  it('refuse fewer groups than folds, and groups so uneven that a fold stays empty', async () => {
    const labels = Int32Array.of(0, 1, 0, 1, 0, 1);
    const groups = { of: Int32Array.of(0, 0, 0, 1, 1, 1), count: 2 };
    const few = await errorOf(() => assignFolds(folded(labels, { groups }), { strategy: 'kfold', folds: 3, shuffle: true, seed: 1 }));
    expect(few.problems).toEqual([{ message: 'split.group_by makes 2 groups for 3 folds', field: 'split.group_by' }]);
    // A rare case, found by search: 6 groups of 13, 6, 3, 2, 2 and 1 rows for 6 folds.
    const rows = [...'011000010000001100000110001'].map(Number);
    const uneven = { of: Int32Array.from('212201050013000030200001141', Number), count: 6 };
    const error = await errorOf(() =>
      assignFolds(folded(Int32Array.from(rows), { groups: uneven }), { strategy: 'stratified-kfold', folds: 6, shuffle: false, seed: 1 }),
    );
    expect(error.problems).toEqual([
      { message: 'fold 3 gets no row, because the groups of split.group_by are too uneven', field: 'split.group_by' },
    ]);
  });

  it('are written and read back', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'folds-')), 'folds.csv');
    const folds = Int32Array.of(2, 0, 1);
    writeFolds(path, ['a,b', '"', '3'], folds);
    expect(await readFolds(path)).toEqual(folds);
    writeFileSync(path, 'id,fold\n1,0\n2,x\n');
    expect((await errorOf(() => readFolds(path))).problems).toMatchObject([{ row: 2, line: 3, field: 'fold' }]);
    writeFileSync(path, 'id,part\n1,0\n');
    await expect(readFolds(path)).rejects.toThrow(/not a list of folds/);
  });
});

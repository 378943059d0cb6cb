import { describe, expect, it } from 'vitest';
import { groupKFold } from '../../../src/data/folds/group-kfold.ts';
import { kFold, stratifiedKFold } from '../../../src/data/folds/kfold.ts';
import { columnOf, readTable } from '../../../src/data/tables/table.ts';
import { describeShared, sharedJson, sharedPath } from '../../helpers/shared.ts';
import { codes, countsBy, randomLabels } from '../support.ts';

describe('folds', () => {
  it('differ in size by at most one row, and in each class too when stratified', () => {
    for (const seed of [1, 2, 3, null]) {
      const labels = randomLabels(103, 3, 5);
      const plain = countsBy(kFold(103, 4, seed), 4);
      expect(Math.max(...plain) - Math.min(...plain)).toBe(1);
      const stratified = stratifiedKFold(labels, 4, seed);
      for (const label of [0, 1, 2]) {
        const counts = countsBy(stratified.filter((_, row) => labels[row] === label), 4);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
    }
  });
});

describeShared('folds of tweets against scikit-learn', ['oracles', 'folds', 'index.json'], () => {
  const read = async (name: string): Promise<Int32Array> => {
    const table = await readTable(sharedPath('oracles', 'folds', name)!);
    expect(columnOf(table, 'index')).toEqual(table.rows.map((_, row) => String(row)));
    return Int32Array.from(columnOf(table, 'fold')!, Number);
  };
  const tweets = readTable(sharedPath('data', 'disaster-tweets', 'train.csv')!);
  const column = async (name: string): Promise<Int32Array> => codes(columnOf(await tweets, name)!);

  it('StratifiedKFold, shuffled', async () => {
    expect(stratifiedKFold(await column('target'), 5, 42)).toEqual(await read('disaster_stratified_k5_seed42.csv'));
  });

  it('StratifiedKFold, not shuffled', async () => {
    expect(stratifiedKFold(await column('target'), 4, null)).toEqual(await read('disaster_stratified_k4_noshuffle.csv'));
  });

  it('KFold', async () => {
    expect(kFold(7613, 5, 42)).toEqual(await read('disaster_kfold_k5_seed42.csv'));
  });

});

describeShared('folds of small tables against scikit-learn', ['oracles', 'folds', 'small.json'], () => {
  interface Small {
    readonly labels: readonly (number | string)[];
    readonly groups: readonly number[];
    readonly n_splits: number;
    readonly random_state: number;
    readonly folds: Readonly<Record<string, readonly number[]>>;
  }
  for (const [i, { labels: texts, groups, n_splits: splits, random_state: seed, folds }] of sharedJson<readonly Small[]>(
    'oracles',
    'folds',
    'small.json',
  ).entries()) {
    it(`small case ${i}: ${texts.length} rows, ${splits} folds, seed ${seed}`, () => {
      const labels = codes(texts.map(String));
      expect({
        StratifiedKFold_shuffle: [...stratifiedKFold(labels, splits, seed)],
        StratifiedKFold: [...stratifiedKFold(labels, splits, null)],
        KFold_shuffle: [...kFold(labels.length, splits, seed)],
        KFold: [...kFold(labels.length, splits, null)],
        GroupKFold: [...groupKFold({ of: Int32Array.from(groups), count: Math.max(...groups) + 1 }, splits, null)],
      }).toEqual(folds);
    });
  }
});

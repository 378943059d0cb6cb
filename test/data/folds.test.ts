import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RandomState } from '../../src/core/random.ts';
import { assignFolds, groupKFold, kFold, readFolds, stratifiedKFold, writeFolds } from '../../src/data/folds.ts';
import { columnOf, readTable } from '../../src/data/table.ts';
import { describeShared, sharedJson, sharedPath } from '../helpers/shared.ts';
import { codes, errorOf } from './support.ts';

const randomLabels = (rows: number, classes: number, seed: number): Int32Array => {
  const rng = new RandomState(seed);
  return new Int32Array(rows).map(() => rng.integer(0, classes));
};

const countsBy = (values: Iterable<number>, size: number): number[] => {
  const counts = new Int32Array(size);
  for (const value of values) counts[value]!++;
  return [...counts];
};

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

  it('depend on the seed only when shuffled', () => {
    const labels = randomLabels(60, 2, 1);
    const options = { strategy: 'stratified-kfold', folds: 5, classes: ['a', 'b'] } as const;
    expect(assignFolds(labels, { ...options, shuffle: true, seed: 1 })).not.toEqual(assignFolds(labels, { ...options, shuffle: true, seed: 2 }));
    expect(assignFolds(labels, { ...options, shuffle: false, seed: 1 })).toEqual(assignFolds(labels, { ...options, shuffle: false, seed: 2 }));
    expect(assignFolds(labels, { ...options, strategy: 'kfold', shuffle: false, seed: 1 })).toEqual(kFold(60, 5, null));
  });

  it('keep a group in one fold', () => {
    const groups = randomLabels(200, 17, 9);
    const folds = groupKFold(groups, 5);
    for (let group = 0; group < 17; group++) expect(new Set(folds.filter((_, row) => groups[row] === group)).size).toBe(1);
  });

  it('refuse a class with fewer rows than folds, naming its rows', async () => {
    const labels = Int32Array.of(0, 0, 0, 1, 0, 1);
    const error = await errorOf(() => assignFolds(labels, { strategy: 'stratified-kfold', folds: 3, shuffle: true, seed: 1, classes: ['no', 'yes'] }));
    expect(error.code).toBe('data');
    expect(error.problems).toEqual([{ message: 'the class "yes" has 2 rows for 3 folds: 4, 6', row: 4 }]);
    expect(() => assignFolds(labels, { strategy: 'stratified-kfold', folds: 2, shuffle: true, seed: 1, classes: ['no', 'yes'] })).not.toThrow();
    expect(() => assignFolds(labels, { strategy: 'kfold', folds: 3, shuffle: true, seed: 1, classes: [] })).not.toThrow();
    expect(() => assignFolds(labels, { strategy: 'kfold', folds: 7, shuffle: true, seed: 1, classes: [] })).toThrow(/7 folds/);
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

describeShared('folds against scikit-learn', ['oracles', 'folds'], () => {
  const read = async (name: string): Promise<Int32Array> => {
    const table = await readTable(sharedPath('oracles', 'folds', name)!);
    expect(columnOf(table, 'index')).toEqual(table.rows.map((_, row) => String(row)));
    return Int32Array.from(columnOf(table, 'fold')!, Number);
  };
  const tweets = readTable(sharedPath('data', 'disaster-tweets', 'train.csv')!);
  const column = async (name: string): Promise<Int32Array> => codes(columnOf(await tweets, name)!);

  it('StratifiedKFold, shuffled', async () => {
    const labels = await column('target');
    const expected = await read('disaster_stratified_k5_seed42.csv');
    expect(stratifiedKFold(labels, 5, 42)).toEqual(expected);
    expect(assignFolds(labels, { strategy: 'stratified-kfold', folds: 5, shuffle: true, seed: 42, classes: ['0', '1'] })).toEqual(expected);
  });

  it('StratifiedKFold, not shuffled', async () => {
    expect(stratifiedKFold(await column('target'), 4, null)).toEqual(await read('disaster_stratified_k4_noshuffle.csv'));
  });

  it('KFold', async () => {
    expect(kFold(7613, 5, 42)).toEqual(await read('disaster_kfold_k5_seed42.csv'));
  });

  it('GroupKFold', async () => {
    expect(groupKFold(await column('keyword'), 5)).toEqual(await read('disaster_group_k5.csv'));
  });

  interface Small {
    readonly labels: readonly (number | string)[];
    readonly groups: readonly number[];
    readonly n_splits: number;
    readonly random_state: number;
    readonly folds: Readonly<Record<string, readonly number[]>>;
  }
  for (const [i, { labels: texts, groups, n_splits: splits, random_state: seed, folds }] of sharedJson<readonly Small[]>('oracles', 'folds', 'small.json').entries()) {
    it(`small case ${i}: ${texts.length} rows, ${splits} folds, seed ${seed}`, () => {
      const labels = codes(texts.map(String));
      expect({
        StratifiedKFold_shuffle: [...stratifiedKFold(labels, splits, seed)],
        StratifiedKFold: [...stratifiedKFold(labels, splits, null)],
        KFold_shuffle: [...kFold(labels.length, splits, seed)],
        KFold: [...kFold(labels.length, splits, null)],
        GroupKFold: [...groupKFold(Int32Array.from(groups), splits)],
      }).toEqual(folds);
    });
  }
});

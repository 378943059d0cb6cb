import { describe, expect, it } from 'vitest';
import { stratifiedTrainTestSplit, trainTestSplit } from '../../src/data/train-test-split.ts';
import { columnOf, readTable } from '../../src/data/table.ts';
import { describeShared, sharedJson, sharedPath } from '../helpers/shared.ts';
import { codes } from './support.ts';

const sorted = (rows: Iterable<number>): number[] => [...rows].sort((a, b) => a - b);

describe('train and test rows', () => {
  const labels = Int32Array.from({ length: 101 }, (_, row) => (row % 10 === 0 ? 1 : 0));

  it('are all rows, each once', () => {
    for (const { train, test } of [trainTestSplit(101, 0.2, 3), stratifiedTrainTestSplit(labels, 0.2, 3)]) {
      expect(sorted([...train, ...test])).toEqual([...labels.keys()]);
      expect(test.length).toBe(21);
    }
  });

  it('hold a class in the same share when stratified', () => {
    for (const seed of [1, 2, 3]) {
      const { test } = stratifiedTrainTestSplit(labels, 0.2, seed);
      // 11 of 101 rows are of class 1: 21 · 11 / 101 = 2.3.
      expect([2, 3]).toContain(test.filter((row) => labels[row] === 1).length);
    }
  });
});

interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}
const plain = ({ train, test }: { readonly train: Int32Array; readonly test: Int32Array }): Split => ({ train: [...train], test: [...test] });

describeShared('train_test_split against scikit-learn', ['oracles', 'folds'], () => {
  it('tweets, stratified', async () => {
    const table = await readTable(sharedPath('data', 'disaster-tweets', 'train.csv')!);
    const { train, test } = sharedJson<Split>('oracles', 'folds', 'disaster_split_stratified.json');
    expect(plain(stratifiedTrainTestSplit(codes(columnOf(table, 'target')!), 0.1, 42))).toEqual({ train, test });
  });

  it('tweets, plain', () => {
    const { train, test } = sharedJson<Split>('oracles', 'folds', 'disaster_split_plain.json');
    expect(plain(trainTestSplit(7613, 0.2, 0))).toEqual({ train, test });
  });

  interface Small {
    readonly labels: readonly (number | string)[];
    readonly random_state: number;
    readonly splits: Readonly<Record<string, Split>>;
  }
  for (const [i, { labels, random_state: seed, splits }] of sharedJson<readonly Small[]>('oracles', 'folds', 'small.json').entries()) {
    for (const [name, expected] of Object.entries(splits)) {
      it(`small case ${i}, ${name}`, () => {
        const share = Number(/test_size=([\d.]+)/.exec(name)![1]);
        const split = name.endsWith('stratify') ? stratifiedTrainTestSplit(codes(labels.map(String)), share, seed) : trainTestSplit(labels.length, share, seed);
        expect(plain(split)).toEqual(expected);
      });
    }
  }
});

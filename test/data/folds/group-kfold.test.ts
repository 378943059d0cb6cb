import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/hash.ts';
import { groupKFold, stratifiedGroupKFold } from '../../../src/data/folds/group-kfold.ts';
import { groupsBy, type Groups } from '../../../src/data/examples/groups.ts';
import { sortedValues } from '../../../src/data/examples/ordering.ts';
import { columnOf, readTable } from '../../../src/data/tables/table.ts';
import reference from '../../fixtures/group-folds.json' with { type: 'json' };
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { codes, countsBy, randomLabels } from '../support.ts';

const numbered = (of: readonly number[] | Int32Array): Groups => ({ of: Int32Array.from(of), count: Math.max(...of) + 1 });

describe('folds of groups', () => {
  it('keep each group in one fold, and the classes balanced when stratified', () => {
    const [labels, groups] = [randomLabels(400, 2, 3), numbered(randomLabels(400, 90, 9))];
    for (const folds of [
      groupKFold(groups, 5, null),
      groupKFold(groups, 5, 1),
      stratifiedGroupKFold(labels, 2, groups, 5, null),
      stratifiedGroupKFold(labels, 2, groups, 5, 1),
    ]) {
      for (let group = 0; group < groups.count; group++)
        expect(new Set(folds.filter((_, row) => groups.of[row] === group)).size).toBeLessThanOrEqual(1);
    }
    // No fold can be filled up more finely than by the largest group.
    const positivesOf = (numbers: Int32Array, size: number): number[] => countsBy(numbers.filter((_, row) => labels[row] === 1), size);
    const positives = positivesOf(stratifiedGroupKFold(labels, 2, groups, 5, 1), 5);
    expect(Math.max(...positives) - Math.min(...positives)).toBeLessThanOrEqual(Math.max(...positivesOf(groups.of, groups.count)));
  });

  it.each(reference.cases.map((each, i) => ({ i, ...each })))(
    'are those of scikit-learn, case $i',
    ({ labels, groups: of, n_splits: splits, random_state: seed, folds }) => {
      const [y, classes, groups] = [Int32Array.from(labels), Math.max(...labels) + 1, numbered(of)];
      expect({
        StratifiedGroupKFold: [...stratifiedGroupKFold(y, classes, groups, splits, null)],
        StratifiedGroupKFold_shuffle: [...stratifiedGroupKFold(y, classes, groups, splits, seed)],
        GroupKFold: [...groupKFold(groups, splits, null)],
        GroupKFold_shuffle: [...groupKFold(groups, splits, seed)],
      }).toEqual(folds);
    },
  );
});

/**
 * SHA-256 of the tweets' folds, one digit a row, with groups of equal texts, keywords and locations (empty ones included):
 * scikit-learn 1.9.0 with numpy, labels and groups as text, 5 folds, the shuffled ones with random_state=42.
 */
const TWEETS = {
  text: {
    stratified: '744b8f1f17e2e630',
    stratifiedShuffled: '2b4941d277c3fb45',
    plain: '6ab33576d8a8a6e4',
    plainShuffled: '132778d78adac70a',
  },
  keyword: {
    stratified: 'b6dbf77b4283ab03',
    stratifiedShuffled: '6c67bd52576864ef',
    plain: '235e874708459d9c',
    plainShuffled: '691a7cb6bde07395',
  },
  location: {
    stratified: 'a20c986515fefea2',
    stratifiedShuffled: '7a6e7973c756920d',
    plain: 'cf7a7d212d0af7ad',
    plainShuffled: 'e9b13ff0a06e1dd4',
  },
} as const;

describeShared('folds of groups of tweets', ['data', 'disaster-tweets'], () => {
  const tweets = readTable(sharedPath('data', 'disaster-tweets', 'train.csv')!);

  it.each(Object.entries(TWEETS))('by %s are those of scikit-learn', async (column, expected) => {
    const labels = codes(columnOf(await tweets, 'target')!);
    const groups = groupsBy(columnOf(await tweets, column)!, sortedValues);
    const digest = (folds: Int32Array): string => sha256(folds.join('')).slice(0, 16);
    expect({
      stratified: digest(stratifiedGroupKFold(labels, 2, groups, 5, null)),
      stratifiedShuffled: digest(stratifiedGroupKFold(labels, 2, groups, 5, 42)),
      plain: digest(groupKFold(groups, 5, null)),
      plainShuffled: digest(groupKFold(groups, 5, 42)),
    }).toEqual(expected);
  });

  it('by keyword are those of the reference file', async () => {
    const table = await readTable(sharedPath('oracles', 'folds', 'disaster_group_k5.csv')!);
    expect([...groupKFold(groupsBy(columnOf(await tweets, 'keyword')!, sortedValues), 5, null)]).toEqual(
      columnOf(table, 'fold')!.map(Number),
    );
  });
});

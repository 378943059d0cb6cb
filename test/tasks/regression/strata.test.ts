import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { divide } from '../../../src/data/folds/folds.ts';
import { numberStrata } from '../../../src/tasks/regression/strata.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';

it('ranges have as many rows each, and fewer ranges where numbers repeat', () => {
  const { of, count } = numberStrata({ width: 1, values: Float64Array.from({ length: 20 }, (_, i) => (i * 7) % 20) }, 4);
  expect([0, 1, 2, 3].map((bin) => of.filter((own) => own === bin).length)).toEqual([5, 5, 5, 5]);
  expect(count).toBe(4);
  const repeated = numberStrata({ width: 1, values: Float64Array.of(0, 0, 0, 0, 0, 0, 1, 2) }, 4);
  expect([...repeated.of]).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
});

it('several columns are cut by the mean of their ranks, of which missing ones have none', () => {
  const values = Float64Array.of(1, 10, 2, 20, 3, NaN, 4, 40);
  expect([...numberStrata({ width: 2, values }, 2).of]).toEqual([0, 0, 1, 1]);
});

it('fewer rows than folds are refused', () => {
  expect(numberStrata({ width: 1, values: Float64Array.of(1, 2) }).tooFew(3, Int32Array.of(0, 1))).toHaveLength(1);
});

describeShared('stratified folds of numbers', ['oracles2', 'splitters'], () => {
  interface Case {
    readonly name: string;
    readonly params: { readonly n_splits: number; readonly random_state: number; readonly bins: number };
    readonly bin_of_row: readonly number[];
    readonly folds: readonly number[];
  }
  const read = (name: string): unknown => JSON.parse(readFileSync(sharedPath('oracles2', 'splitters', name)!, 'utf8'));

  it('are those of StratifiedKFold on pandas.qcut', () => {
    const { target } = read('table.json') as { readonly target: readonly number[] };
    const cases = (read('splitters.json') as readonly Case[]).filter(({ name }) => name.startsWith('stratified-regression'));
    expect(cases.length).toBe(3);
    for (const { params, bin_of_row: bins, folds } of cases) {
      const strata = numberStrata({ width: 1, values: Float64Array.from(target) }, params.bins);
      expect([...strata.of]).toEqual(bins);
      const options = { strategy: 'stratified-kfold', folds: params.n_splits, shuffle: true, seed: params.random_state } as const;
      const rows = Int32Array.from(target.keys());
      expect([...divide({ strata, groups: null, rows }, options).foldOf[0]!]).toEqual(folds);
    }
  });
});

it('are called so where rows cannot be held out of each', () => {
  const rows = Int32Array.from({ length: 12 }, (_, row) => row);
  const strata = numberStrata({ width: 1, values: Float64Array.from(rows) }, 3);
  const options = { strategy: 'holdout', folds: 1, shuffle: true, seed: 1, size: 0.1 } as const;
  expect(() => divide({ strata, groups: null, rows }, options)).toThrow(
    expect.objectContaining({
      problems: [{ message: 'split.size: 0.1 holds out 2 rows of 12, and there are 3 ranges of the target (split.bins)', field: 'split.size' }],
    }),
  );
});

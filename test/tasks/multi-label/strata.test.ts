import { expect, it } from 'vitest';
import { divide } from '../../../src/data/folds/folds.ts';
import { labelStrata } from '../../../src/tasks/multi-label/strata.ts';

it('every fold has its share of every label, a missing one counts as none', () => {
  const row = (i: number): readonly number[] => [i % 2, i % 10 === 0 ? 1 : 0, i % 4 === 0 ? NaN : i % 5 === 0 ? 1 : 0];
  const values = Float64Array.from(Array.from({ length: 100 }, (_, i) => row(i)).flat());
  const strata = labelStrata({ width: 3, values });
  const rows = Int32Array.from({ length: 100 }, (_, i) => i);
  const options = { strategy: 'multilabel-stratified-kfold', folds: 5, shuffle: true, seed: 7 } as const;
  const [foldOf] = divide({ strata, groups: null, rows }, options).foldOf;
  const counts = [0, 1, 2].map((label) =>
    [0, 1, 2, 3, 4].map((fold) => rows.filter((i) => foldOf![i] === fold && values[i * 3 + label] === 1).length),
  );
  expect(counts).toEqual([Array(5).fill(10), Array(5).fill(2), Array(5).fill(3)]);
});

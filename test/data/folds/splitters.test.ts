import { expect, test } from 'vitest';
import { groupsBy, sortedValues, type Groups } from '../../../src/data/examples/index.ts';
import { rowsOfFold, type Division } from '../../../src/data/folds/division.ts';
import { divide, type FoldedRows, type FoldOptions } from '../../../src/data/folds/folds.ts';
import { holdOutGroups, holdOutStratified } from '../../../src/data/folds/holdout.ts';
import { timeSeries } from '../../../src/data/folds/time-series.ts';
import { groupKFold, stratifiedGroupKFold } from '../../../src/data/folds/group-kfold.ts';
import { kFold } from '../../../src/data/folds/kfold.ts';
import { RandomState } from '../../../src/core/random.ts';
import { describeShared, sharedJson } from '../../helpers/shared.ts';

interface Table {
  readonly rows: number;
  readonly label: readonly string[];
  readonly group: readonly string[];
  readonly target: readonly number[];
  readonly labels: readonly (readonly number[])[];
  readonly fold: readonly number[];
}

interface Case {
  readonly name: string;
  readonly splitter: string;
  readonly params: Readonly<Record<string, number | boolean | null>>;
  readonly folds?: readonly number[];
  readonly folds_of_repeat?: readonly (readonly number[])[];
  readonly splits?: readonly { readonly train: readonly number[]; readonly test: readonly number[] }[];
}

const sorted = (values: readonly string[]): Groups => groupsBy(values, sortedValues);
const strataOf = (labels: readonly (string | number)[]): FoldedRows['strata'] => {
  const { of, count } = sorted(labels.map(String));
  return { of, count, tooFew: () => [] };
};

function rowsLike(labels: readonly (string | number)[], more: Partial<FoldedRows> = {}): FoldedRows {
  return { strata: strataOf(labels), groups: null, rows: Int32Array.from(labels.keys()), ...more };
}

function withLabels(matrix: readonly (readonly number[])[]): FoldedRows {
  const labels = { width: matrix[0]!.length, values: Uint8Array.from(matrix.flat()) };
  return rowsLike(matrix.map(() => 0), { strata: { of: new Int32Array(matrix.length), count: 1, labels, tooFew: () => [] } });
}

const usual = { folds: 5, shuffle: true, seed: 42 } as const;

describeShared('splitters of the reference', ['oracles2', 'splitters', 'splitters.json'], () => {
  const table = sharedJson<Table>('oracles2', 'splitters', 'table.json');
  const cases = sharedJson<readonly Case[]>('oracles2', 'splitters', 'splitters.json');
  const groups = sorted(table.group);
  const of = (splitter: string) => cases.filter((each) => each.splitter === splitter);
  const options = ({ params }: Case, strategy: FoldOptions['strategy']): FoldOptions => ({
    ...usual,
    strategy,
    folds: Number(params['n_splits']),
    shuffle: params['shuffle'] !== false,
    seed: Number(params['random_state'] ?? 0),
    repeats: Number(params['n_repeats'] ?? 1),
  });
  const first = (division: Division): readonly number[] => [...division.foldOf[0]!];

  test.each(of('RepeatedStratifiedKFold'))('$name', (each) => {
    const division = divide(rowsLike(table.label), options(each, 'repeated-stratified-kfold'));
    expect(division.foldOf.map((fold) => [...fold])).toEqual(each.folds_of_repeat);
    expect(division.count).toBe(Number(each.params['n_splits']) * Number(each.params['n_repeats']));
  });

  test.each(of('RepeatedKFold'))('$name', (each) => {
    const rng = new RandomState(Number(each.params['random_state']));
    for (const folds of each.folds_of_repeat!) expect([...kFold(table.rows, Number(each.params['n_splits']), rng)]).toEqual(folds);
  });

  test.each(of('GroupKFold'))('$name', (each) => {
    expect(first(divide(rowsLike(table.label, { groups }), options(each, 'kfold')))).toEqual(each.folds);
  });

  test.each(of('StratifiedGroupKFold'))('$name', (each) => {
    expect(first(divide(rowsLike(table.label, { groups }), options(each, 'stratified-kfold')))).toEqual(each.folds);
  });

  test.each(of('MultilabelStratifiedKFold'))('$name', (each) => {
    expect(first(divide(withLabels(table.labels), options(each, 'multilabel-stratified-kfold')))).toEqual(each.folds);
  });

  test.each(of('TimeSeriesSplit').filter(({ params }) => params['test_size'] === null))('$name', ({ params, splits }) => {
    const division = timeSeries(Int32Array.from({ length: table.rows }, (_, row) => row), Number(params['n_splits']), Number(params['gap']));
    splits!.forEach(({ train, test: validated }, fold) => {
      const rows = rowsOfFold(division, fold);
      expect([[...rows.train], [...rows.validation]]).toEqual([train, validated]);
    });
  });

  test.each(of('PredefinedSplit'))('$name', ({ splits }) => {
    const column = (): readonly string[] => table.fold.map((fold, i) => (fold === -1 && i % 2 === 0 ? '' : String(fold)));
    const division = divide(rowsLike(table.label, { column }), { ...usual, strategy: 'predefined', column: 'fold' });
    expect(division.count).toBe(splits!.length);
    splits!.forEach(({ train, test: validated }, fold) => {
      const rows = rowsOfFold(division, fold);
      expect([[...rows.train], [...rows.validation]]).toEqual([train, validated]);
    });
  });

  const ascending = (rows: readonly number[]): readonly number[] => [...rows].sort((a, b) => a - b);
  const held = (foldOf: Int32Array): readonly number[] => [...foldOf.keys()].filter((row) => foldOf[row] === 0);

  test.each(of('StratifiedShuffleSplit'))('the first of $name', ({ params, splits }) => {
    const foldOf = holdOutStratified(strataOf(table.label).of, Number(params['test_size']), Number(params['random_state']));
    expect(held(foldOf)).toEqual(ascending(splits![0]!.test));
  });

  test.each(of('GroupShuffleSplit'))('the first of $name', ({ params, splits }) => {
    const foldOf = holdOutGroups(groups, Number(params['test_size']), Number(params['random_state']));
    expect(held(foldOf)).toEqual(ascending(splits![0]!.test));
  });
});

describeShared('splitters of the reference, on short tables', ['oracles2', 'splitters', 'small.json'], () => {
  const cases = sharedJson<
    readonly {
      readonly n_splits: number;
      readonly random_state: number;
      readonly labels: readonly number[];
      readonly groups: readonly number[];
      readonly matrix: readonly (readonly number[])[];
      readonly folds: Readonly<Record<string, readonly number[]>>;
    }[]
  >('oracles2', 'splitters', 'small.json');

  test.each(cases)('with seed $random_state', ({ n_splits: folds, random_state: seed, labels, groups, matrix, folds: expected }) => {
    const own = sorted(groups.map(String));
    const strata = strataOf(labels);
    expect([...groupKFold(own, folds, seed)]).toEqual(expected['GroupKFold']);
    expect([...stratifiedGroupKFold(strata.of, strata.count, own, folds, seed)]).toEqual(expected['StratifiedGroupKFold']);
    const division = divide(withLabels(matrix), { ...usual, strategy: 'multilabel-stratified-kfold', folds, seed });
    expect([...division.foldOf[0]!]).toEqual(expected['MultilabelStratifiedKFold']);
  });
});

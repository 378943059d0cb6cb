import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { divide, type FoldedRows, type FoldOptions } from '../../../src/data/folds/folds.ts';
import { readDivision, writeDivision } from '../../../src/data/folds/folds-file.ts';
import { rowsOfFold, viewsOf } from '../../../src/data/folds/division.ts';
import { groupKFold, stratifiedGroupKFold } from '../../../src/data/folds/group-kfold.ts';
import { kFold, stratifiedKFold } from '../../../src/data/folds/kfold.ts';
import { classStrata } from '../../../src/tasks/strata.ts';
import { errorOf, randomLabels } from '../support.ts';

const folded = (labels: Int32Array, more: Partial<FoldedRows> = {}): FoldedRows => ({
  strata: classStrata(labels, ['no', 'yes']),
  groups: null,
  rows: Int32Array.from(labels.keys()),
  ...more,
});

/** The fold of each row of the one repeat. */
function assignFolds(examples: FoldedRows, options: FoldOptions): Int32Array {
  const { count, foldOf } = divide(examples, options);
  expect([count, foldOf.length]).toEqual([options.folds, 1]);
  return foldOf[0]!;
}

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
    const folder = mkdtempSync(join(tmpdir(), 'folds-'));
    const path = join(folder, 'folds.csv');
    const ids = ['a,b', '"', '3'];
    const once = { count: 3, foldOf: [Int32Array.of(2, 0, 1)] };
    writeDivision(folder, ids, once);
    expect(readFileSync(path, 'utf8')).toBe('id,fold\n"a,b",2\n"""",0\n3,1\n');
    expect(await readDivision(folder)).toEqual(once);
    const twice = { count: 4, foldOf: [Int32Array.of(1, 0, -1), Int32Array.of(0, 1, 1)] };
    writeDivision(folder, ids, twice);
    expect(readFileSync(path, 'utf8').split('\n').slice(0, 5)).toEqual(['id,repeat,fold', '"a,b",0,1', '"""",0,0', '3,0,', '"a,b",1,0']);
    expect(await readDivision(folder)).toEqual(twice);
    writeFileSync(path, 'id,fold\n1,0\n2,x\n');
    expect((await errorOf(() => readDivision(folder))).problems).toMatchObject([{ row: 2, line: 3, field: 'fold' }]);
    writeFileSync(path, 'id,part\n1,0\n');
    await expect(readDivision(folder)).rejects.toThrow(/not a list of folds/);
  });

  it('of a time series keep which rows are earlier', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'folds-'));
    const dates = ['2024-03-01', '2024-01-05T10:00:00+02:00', '2024-01-05 08:30', '2023-12-31', '2024-02-29', '2024-01-05'];
    const rows = Int32Array.from(dates.keys());
    const division = divide(folded(rows, { column: () => dates }), { ...base, strategy: 'time-series', folds: 2, order: 'when', gap: 1 });
    const parts = (of: typeof division) => [0, 1].map((fold) => Object.values(rowsOfFold(of, fold)).map((each) => [...each]));
    // In time: 3, 5, 1 (08:00 UTC), 2, 4, 0; each fold validates two of them.
    expect(parts(division)).toEqual([[[3], [1, 2]], [[1, 3, 5], [0, 4]]]);
    writeDivision(folder, dates, division);
    expect(parts(await readDivision(folder))).toEqual(parts(division));
    expect(viewsOf(division).map(({ folds, rows: of, foldOf }) => [folds, [...of!], [...foldOf]])).toEqual([
      [[0], [3, 1, 2], [-1, 0, 0]],
      [[1], [1, 3, 5, 0, 4], [-1, -1, -1, 1, 1]],
    ]);
  });
});

const base = { shuffle: true, seed: 1, folds: 5 } as const;
const sizes = (of: Int32Array): readonly number[] => [-1, 0, 1, 2].map((fold) => of.filter((each) => each === fold).length);

describe('strategies', () => {
  const column = (...values: readonly string[]): Partial<FoldedRows> => ({ column: () => values });
  const whole = Int32Array.from({ length: 10 }, (_, i) => i % 2);

  it('hold out a share, stratified, by groups, or from the end', () => {
    const options = { ...base, strategy: 'holdout', size: 0.2 } as const;
    const of = (more: Partial<FoldedRows> = {}, change: Partial<FoldOptions> = {}) => divide(folded(whole, more), { ...options, ...change });
    expect([of().count, sizes(of().foldOf[0]!)]).toEqual([1, [8, 2, 0, 0]]);
    // By scikit-learn 1.9.1: train_test_split(range(10), test_size=…, stratify=[0, 1] * 5, random_state=…)[1]
    expect([...rowsOfFold(of(), 0).validation]).toEqual([3, 6]);
    expect([...rowsOfFold(of({}, { size: 0.25, seed: 3 }), 0).validation]).toEqual([0, 1, 2]);
    expect([...rowsOfFold(of({}, { shuffle: false }), 0).validation]).toEqual([8, 9]);
    const groups = { of: Int32Array.from(whole.keys(), (row) => row >> 1), count: 5 };
    const held = of({ groups }).foldOf[0]!;
    for (const row of [0, 2, 4, 6, 8]) expect(held[row]).toBe(held[row + 1]);
    expect(sizes(held)).toEqual([8, 2, 0, 0]);
  });

  it('refuse a share that leaves nothing, and a class that cannot be in both parts', async () => {
    const options = { ...base, strategy: 'holdout', size: 0.2 } as const;
    const three = Int32Array.of(0, 0, 0, 1, 1, 1, 2, 0, 0, 1);
    const lone = await errorOf(() => divide(folded(three, { strata: classStrata(three, ['a', 'b', 'c']) }), options));
    expect(lone.problems).toEqual([{ message: expect.stringContaining('only one of its class') as string, row: 7 }]);
    expect((await errorOf(() => divide(folded(whole), { ...options, size: 0.95 }))).message).toContain('cannot be divided');
    const few = await errorOf(() => divide(folded(whole), { ...options, size: 0.05 }));
    expect(few.problems[0]?.message).toBe('split.size: 0.05 holds out 1 row of 10, and there are 2 classes');
  });

  it('take folds from a column', async () => {
    const options = { ...base, strategy: 'predefined', column: 'fold' } as const;
    const six = whole.subarray(0, 6);
    const found = divide(folded(six, column('1', '0', '-1', '', '1.0', ' 0 ')), options);
    expect([found.count, [...found.foldOf[0]!]]).toEqual([2, [1, 0, -1, -1, 1, 0]]);
    const problemsOf = async (...values: readonly string[]) => (await errorOf(() => divide(folded(six, column(...values)), options))).problems;
    expect(await problemsOf('1', '0', 'x', '2', '1', '0')).toMatchObject([{ message: expect.stringContaining('"x" is not the number of a fold') as string, row: 3, field: 'fold' }]);
    expect(await problemsOf('1', '0', '7', '2', '1', '0')).toMatchObject([{ message: 'the column "fold" has fold 7, but no row has one of the folds 3 to 6', row: 3 }]);
    expect(await problemsOf('1', '2', '1', '2', '1', '2')).toMatchObject([{ message: 'the column "fold" has fold 1, but no row has fold 0; folds are numbered from 0', row: 1 }]);
    expect(await problemsOf('0', '0', '0', '0', '0', '0')).toMatchObject([{ message: expect.stringContaining('nothing is left to train on') as string }]);
    expect(await problemsOf('', '-1', '', '', '', '')).toMatchObject([{ message: expect.stringContaining('has no fold') as string }]);
    const other = await errorOf(() => divide(folded(six, column('1', '0', '1', '0', '1', '0')), { ...options, folds: 3 }));
    expect(other.problems).toMatchObject([{ message: 'split.folds is 3, but the column "fold" has 2 folds' }]);
  });

  it('put rows in order by numbers and dates, and say what is neither', async () => {
    const options = { ...base, strategy: 'time-series', folds: 2, order: 'when' } as const;
    const of = (...values: readonly string[]) => divide(folded(whole.subarray(0, values.length), column(...values)), options).earlier?.places;
    expect([...of('10', '9', '-1', '1e1', '9.5', '0')!]).toEqual([4, 2, 0, 5, 3, 1]);
    const problem = async (...values: readonly string[]) => (await errorOf(() => of(...values))).problems[0];
    expect(await problem('2024-01-01', '3/14/2024', '2024-01-02')).toMatchObject({ row: 2, field: 'when', message: expect.stringContaining('"3/14/2024" is neither a number nor a date') as string });
    expect(await problem('2024-01-01', '2024-02-30', '2024-01-02')).toMatchObject({ row: 2 });
    expect(await problem('1', '', '2')).toMatchObject({ row: 2, message: expect.stringContaining('is empty') as string });
    expect(await problem('1', '2')).toMatchObject({ message: expect.stringContaining('2 rows for 2 folds') as string });
    const gap = await errorOf(() => divide(folded(whole, column(...Array.from(whole, String))), { ...options, gap: 4 }));
    expect(gap.problems).toMatchObject([{ field: 'split.gap', message: expect.stringContaining('there are 4 rows') as string }]);
  });
});

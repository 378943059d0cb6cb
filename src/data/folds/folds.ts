import { USUAL_FOLDS } from '../../config/index.ts';
import type { Problem } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import { valueAt } from '../../core/values.ts';
import { RandomState } from '../../core/random.ts';
import type { Groups, TargetWords } from '../examples/index.ts';
import { dataError } from '../problems.ts';
import { divisionOf, type Division } from './division.ts';
import { groupKFold, stratifiedGroupKFold } from './group-kfold.ts';
import { heldOutRows, holdOut, holdOutGroups, holdOutStratified } from './holdout.ts';
import { kFold, rowsByStratum, stratifiedKFold, type Randomness } from './kfold.ts';
import { multilabelKFold, type LabelMatrix } from './multilabel-kfold.ts';
import { predefined } from './predefined.ts';
import { placesIn, seriesProblems, timeSeries } from './time-series.ts';

export interface FoldOptions {
  readonly strategy:
    | 'stratified-kfold'
    | 'kfold'
    | 'repeated-stratified-kfold'
    | 'multilabel-stratified-kfold'
    | 'holdout'
    | 'predefined'
    | 'time-series';
  /** At least 2; as many as the column has, where it is that which names them. */
  readonly folds: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** Where folds are repeated. */
  readonly repeats?: number | null;
  /** The share that is held out. */
  readonly size?: number | null;
  /** The column with the predefined folds. */
  readonly column?: string | null;
  /** The column by which the rows of a time series are sorted. */
  readonly order?: string | null;
  readonly gap?: number | null;
}

/** Kinds of rows, of which each fold shall have an equal share. */
export interface Strata {
  /** The kind of each row, numbered from 0. */
  readonly of: Int32Array;
  readonly count: number;
  /** What a kind is called; left out where all rows are of one. */
  readonly words?: TargetWords;
  /** Where a row may be of several kinds, which it is of; `multilabel-stratified-kfold` takes these. */
  readonly labels?: LabelMatrix;
  /**
   * What is wrong with having so many folds, each with rows of all kinds.
   *
   * @param rows each row's position in the table, for messages
   */
  tooFew(folds: number, rows: Int32Array): readonly Problem[];
}

/** What is divided into folds. */
export interface FoldedRows {
  /** What is held in equal shares in all folds. */
  readonly strata: Strata;
  /** Which rows stay together; null: each by itself. */
  readonly groups: Groups | null;
  /** Each row's position in the table, for messages. */
  readonly rows: Int32Array;
  /** Its value in a column of the table, for the strategies that read one. */
  column?(name: string): readonly string[];
}

/**
 * Divides rows as scikit-learn's `StratifiedKFold`, `KFold`, `StratifiedGroupKFold`, `GroupKFold`, `RepeatedStratifiedKFold`,
 * `train_test_split`, `GroupShuffleSplit`, `PredefinedSplit` or `TimeSeriesSplit` do, or iterative-stratification's
 * `MultilabelStratifiedKFold`. A `data` error where there are fewer rows or groups than folds, where strata have too few rows for them,
 * where the groups leave a fold empty, and where a column does not say what it should.
 */
export function divide(examples: FoldedRows, options: FoldOptions): Division {
  switch (options.strategy) {
    case 'repeated-stratified-kfold':
      return repeatedFolds(examples, options);
    case 'holdout':
      return divisionOf(heldOut(examples, options), 1);
    case 'predefined':
      return predefinedFolds(examples, options);
    case 'time-series':
      return series(examples, options);
    case 'multilabel-stratified-kfold':
      return divisionOf(multilabelFolds(examples, options), options.folds);
    default:
      return divisionOf(assignFolds(examples, options, options.shuffle ? options.seed : null), options.folds);
  }
}

/** All repeats draw from one generator, as scikit-learn's do. */
function repeatedFolds(examples: FoldedRows, { folds, seed, repeats }: FoldOptions): Division {
  const rng = new RandomState(seed);
  const options = { strategy: 'stratified-kfold', folds } as const;
  const foldOf = Array.from({ length: repeats ?? 1 }, () => assignFolds(examples, options, rng));
  return { count: folds * foldOf.length, foldOf };
}

/** The fold in whose validation part each row is, [rows]; not shuffled where there is no seed. */
function assignFolds(
  { strata, groups, rows }: FoldedRows,
  { strategy, folds }: Pick<FoldOptions, 'strategy' | 'folds'>,
  seed: Randomness,
): Int32Array {
  const isPlain = strategy === 'kfold';
  refuse([...(isPlain ? tooFewRows(rows.length, folds) : strata.tooFew(folds, rows)), ...tooFewGroups(groups, folds)], folds);
  if (groups === null) return isPlain ? kFold(rows.length, folds, seed) : stratifiedKFold(strata.of, folds, seed);
  const foldOf = isPlain ? groupKFold(groups, folds, seed) : stratifiedGroupKFold(strata.of, strata.count, groups, folds, seed);
  refuse(emptyFolds(foldOf, folds), folds);
  return foldOf;
}

/** Stratified where there are strata, unless it is the last rows that are held out, or whole groups. */
function heldOut({ strata, groups, rows }: FoldedRows, { size, shuffle, seed }: FoldOptions): Int32Array {
  const share = size ?? USUAL_SHARE;
  const items = groups === null ? rows.length : groups.count;
  const out = heldOutRows(items, share);
  if (out >= items) {
    const what = groups === null ? plural(rows.length, 'row') : plural(groups.count, 'group');
    throw notHeldOut([{ message: `split.size: ${share} of ${what} leaves nothing to train on`, field: 'split.size' }]);
  }
  if (groups !== null) return holdOutGroups(groups, share, seed);
  if (!shuffle) return holdOut(rows.length, share, null);
  if (strata.labels !== undefined || strata.count < 2) return holdOut(rows.length, share, seed);
  const { words = { one: 'kind', many: 'kinds' } } = strata;
  const byStratum = [...rowsByStratum(strata.of).values()];
  const lone = byStratum.filter((own) => own.length === 1).map(([row = 0]) => valueAt(rows, row) + 1);
  const problems = lone.map((row): Problem => ({
    message: `this row is the only one of its ${words.one}, which cannot be in training and in validation`,
    row,
  }));
  if (problems.length === 0 && Math.min(out, rows.length - out) < byStratum.length) {
    const kinds = `${byStratum.length} ${words.many}`;
    const message = `split.size: ${share} holds out ${plural(out, 'row')} of ${rows.length}, and there are ${kinds}`;
    problems.push({ message, field: 'split.size' });
  }
  if (problems.length > 0) throw notHeldOut(problems);
  return holdOutStratified(strata.of, share, seed);
}

const USUAL_SHARE = 0.2;

function notHeldOut(problems: readonly Problem[]): Error {
  return dataError('the training rows cannot be divided', 'split', problems, 'Change split.size, add rows, or take another strategy.');
}

function predefinedFolds({ rows, column }: FoldedRows, options: FoldOptions): Division {
  const name = options.column ?? '';
  const found = predefined(column?.(name) ?? [], rows, name);
  if ('foldOf' in found) {
    if (options.folds === found.folds || options.folds === USUAL_FOLDS) return divisionOf(found.foldOf, found.folds);
    const message = `split.folds is ${options.folds}, but the column "${name}" has ${plural(found.folds, 'fold')}`;
    throw dataError('split.column does not divide the rows', 'split.folds', [{ message, field: 'split.folds' }], 'Leave split.folds out.');
  }
  throw dataError('split.column does not divide the rows', 'split.column', found, 'Correct the column, or name another in split.column.');
}

function series({ rows, column }: FoldedRows, { order, folds, gap }: FoldOptions): Division {
  const name = order ?? '';
  const places = placesIn(column?.(name) ?? [], rows, name);
  if (!(places instanceof Int32Array))
    throw dataError('split.order does not put the rows in order', 'split.order', places, 'Correct the column, or name another.');
  const problems = seriesProblems(rows.length, folds, gap ?? 0);
  if (problems.length > 0)
    throw dataError(`the training rows cannot be split into ${folds} folds`, 'split', problems, 'Lower split.folds or split.gap.');
  return timeSeries(places, folds, gap ?? 0);
}

function multilabelFolds({ strata, rows }: FoldedRows, { folds, seed, shuffle }: FoldOptions): Int32Array {
  if (strata.labels === undefined) throw new Error('multilabel-stratified-kfold was asked for without labels');
  refuse([...tooFewRows(rows.length, folds), ...strata.tooFew(folds, rows)].slice(0, MOST_PROBLEMS), folds);
  const foldOf = multilabelKFold(strata.labels, folds, seed, shuffle);
  refuse(emptyFolds(foldOf, folds).map(({ message }) => ({ message })), folds);
  return foldOf;
}

const MOST_PROBLEMS = 10;

function refuse(problems: readonly Problem[], folds: number): void {
  if (problems.length > 0)
    throw dataError(`the training rows cannot be split into ${folds} folds`, 'split', problems, 'Lower split.folds, or add rows.');
}

function tooFewRows(rows: number, folds: number): Problem[] {
  return rows >= folds ? [] : [{ message: `${plural(rows, 'row')} for ${folds} folds` }];
}

function tooFewGroups(groups: Groups | null, folds: number): Problem[] {
  return groups === null || groups.count >= folds
    ? []
    : [{ message: `split.group_by makes ${plural(groups.count, 'group')} for ${folds} folds`, field: 'split.group_by' }];
}

/** One large group can outweigh all that a fold would get. */
function emptyFolds(foldOf: Int32Array, folds: number): Problem[] {
  return Array.from({ length: folds }, (_, fold) => fold)
    .filter((fold) => !foldOf.includes(fold))
    .map((fold) => ({ message: `fold ${fold} gets no row, because the groups of split.group_by are too uneven`, field: 'split.group_by' }));
}

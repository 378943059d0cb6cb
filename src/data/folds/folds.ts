import { valueAt } from '../../core/values.ts';
import { writeFileAtomic } from '../../core/files.ts';
import type { Problem } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import { columnOf, readTable, writeCsv } from '../tables/index.ts';
import { groupKFold, stratifiedGroupKFold } from './group-kfold.ts';
import type { Groups } from '../examples/index.ts';
import { kFold, stratifiedKFold } from './kfold.ts';
import { dataError, quoted, quotedList } from '../problems.ts';

export interface FoldOptions {
  readonly strategy: 'stratified-kfold' | 'kfold';
  /** At least 2. */
  readonly folds: number;
  readonly shuffle: boolean;
  readonly seed: number;
}

/** Kinds of rows, of which each fold shall have an equal share. */
export interface Strata {
  /** The kind of each row, numbered from 0. */
  readonly of: Int32Array;
  readonly count: number;
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
}

/**
 * The fold in whose validation part each row is, [rows], as scikit-learn's `StratifiedKFold`, `KFold`, `StratifiedGroupKFold`
 * or `GroupKFold` divide. A `data` error where there are fewer rows or groups than folds, where strata have too few rows for
 * them, and where the groups leave a fold empty.
 */
export function assignFolds(examples: FoldedRows, { strategy, folds, shuffle, seed }: FoldOptions): Int32Array {
  const { strata, groups, rows } = examples;
  const refuse = (problems: readonly Problem[]): void => {
    if (problems.length > 0)
      throw dataError(`the training rows cannot be split into ${folds} folds`, 'split', problems, 'Lower split.folds, or add rows.');
  };
  refuse([...(strategy === 'kfold' ? tooFewRows(rows.length, folds) : strata.tooFew(folds, rows)), ...tooFewGroups(groups, folds)]);
  const shuffleSeed = shuffle ? seed : null;
  if (groups === null)
    return strategy === 'kfold' ? kFold(rows.length, folds, shuffleSeed) : stratifiedKFold(strata.of, folds, shuffleSeed);
  const foldOf =
    strategy === 'kfold'
      ? groupKFold(groups, folds, shuffleSeed)
      : stratifiedGroupKFold(strata.of, strata.count, groups, folds, shuffleSeed);
  refuse(emptyFolds(foldOf, folds));
  return foldOf;
}

/** Writes `id,fold`. */
export function writeFolds(path: string, ids: readonly string[], foldOf: Int32Array): void {
  writeFileAtomic(path, writeCsv(['id', 'fold'], ids.map((id, row) => [id, valueAt(foldOf, row)])));
}

/** The fold of each row of a file that `writeFolds` made, in its order; a `data` error if it is not such a file. */
export async function readFolds(path: string): Promise<Int32Array> {
  const table = await readTable(path);
  const folds = columnOf(table, 'fold') ?? [];
  const problems: Problem[] = folds.flatMap((fold, i) =>
    /^\d{1,9}$/.test(fold)
      ? []
      : [{ message: `${quoted(fold)} is not the number of a fold`, file: path, row: i + 1, line: valueAt(table.lines, i), field: 'fold' }],
  );
  if (table.columns.join() !== 'id,fold')
    problems.push({ message: `the columns are ${quotedList(table.columns)} instead of "id", "fold"`, file: path, line: 1 });
  if (problems.length > 0) throw dataError(`${path} is not a list of folds`, path, problems, 'Run the split stage again.');
  return Int32Array.from(folds, Number);
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

import { writeFileAtomic } from '../core/files.ts';
import type { Problem } from '../core/errors.ts';
import { writeCsv } from './csv.ts';
import { groupKFold, stratifiedGroupKFold } from './group-kfold.ts';
import type { Groups } from './groups.ts';
import { kFold, rowsByLabel, stratifiedKFold } from './kfold.ts';
import { counted, dataError, quoted, quotedList } from './problems.ts';
import { columnOf, readTable } from './table.ts';

export interface FoldOptions {
  readonly strategy: 'stratified-kfold' | 'kfold';
  /** At least 2. */
  readonly folds: number;
  readonly shuffle: boolean;
  readonly seed: number;
}

/** What is divided into folds. */
export interface FoldedRows {
  /** Positions in `classes`. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** Which rows stay together; null: each by itself. */
  readonly groups: Groups | null;
  /** Each row's position in the table, for messages. */
  readonly rows: Int32Array;
}

/**
 * The fold in whose validation part each row is, [rows], as scikit-learn's `StratifiedKFold`, `KFold`, `StratifiedGroupKFold`
 * or `GroupKFold` divide. A `data` error where there are fewer rows or groups than folds, where one of two classes, or each
 * of more, has fewer rows when stratified, and where the groups leave a fold empty.
 */
export function assignFolds(examples: FoldedRows, { strategy, folds, shuffle, seed }: FoldOptions): Int32Array {
  const { labels, classes, groups } = examples;
  const refuse = (problems: readonly Problem[]): void => {
    if (problems.length > 0) throw dataError(`the training rows cannot be split into ${folds} folds`, 'split', problems, 'Lower split.folds, or add rows.');
  };
  refuse([...(strategy === 'kfold' ? tooFewRows(labels, folds) : tooFewOfClass(examples, folds)), ...tooFewGroups(groups, folds)]);
  const shuffleSeed = shuffle ? seed : null;
  if (groups === null) return strategy === 'kfold' ? kFold(labels.length, folds, shuffleSeed) : stratifiedKFold(labels, folds, shuffleSeed);
  const foldOf = strategy === 'kfold' ? groupKFold(groups, folds, shuffleSeed) : stratifiedGroupKFold(labels, classes.length, groups, folds, shuffleSeed);
  refuse(emptyFolds(foldOf, folds));
  return foldOf;
}

/** Writes `id,fold`. */
export function writeFolds(path: string, ids: readonly string[], foldOf: Int32Array): void {
  writeFileAtomic(path, writeCsv(['id', 'fold'], ids.map((id, row) => [id, foldOf[row]!])));
}

/** The fold of each row of a file that `writeFolds` made, in its order; a `data` error if it is not such a file. */
export async function readFolds(path: string): Promise<Int32Array> {
  const table = await readTable(path);
  const folds = columnOf(table, 'fold') ?? [];
  const problems: Problem[] = folds.flatMap((fold, i) =>
    /^\d{1,9}$/.test(fold) ? [] : [{ message: `${quoted(fold)} is not the number of a fold`, file: path, row: i + 1, line: table.lines[i]!, field: 'fold' }],
  );
  if (table.columns.join() !== 'id,fold') problems.push({ message: `the columns are ${quotedList(table.columns)} instead of "id", "fold"`, file: path, line: 1 });
  if (problems.length > 0) throw dataError(`${path} is not a list of folds`, path, problems, 'Run the split stage again.');
  return Int32Array.from(folds, Number);
}

function tooFewRows(labels: Int32Array, folds: number): Problem[] {
  return labels.length >= folds ? [] : [{ message: `${counted(labels.length, 'row')} for ${folds} folds` }];
}

/** As many as a person looks up. */
const MOST_ROWS = 10;

/** Each of two classes has a row for every fold; of more classes one does, as scikit-learn wants it. */
function tooFewOfClass({ labels, classes, rows: places }: FoldedRows, folds: number): Problem[] {
  const all = [...rowsByLabel(labels)];
  const few = all.filter(([, rows]) => rows.length < folds);
  if (classes.length > 2) {
    if (few.length < all.length) return [];
    const most = all.reduce((largest, [, rows]) => Math.max(largest, rows.length), 0);
    return [{ message: `no class has as many rows as there are folds, ${folds}; the largest has ${counted(most, 'row')}` }];
  }
  return few.map(([label, rows]): Problem => {
    const numbers = rows.map((row) => places[row]! + 1);
    const listed = `${numbers.slice(0, MOST_ROWS).join(', ')}${numbers.length > MOST_ROWS ? ', …' : ''}`;
    return { message: `the class ${quoted(classes[label] ?? String(label))} has ${counted(rows.length, 'row')} for ${folds} folds: rows ${listed}`, row: numbers[0]! };
  });
}

function tooFewGroups(groups: Groups | null, folds: number): Problem[] {
  return groups === null || groups.count >= folds ? [] : [{ message: `split.group_by makes ${counted(groups.count, 'group')} for ${folds} folds`, field: 'split.group_by' }];
}

/** One large group can outweigh all that a fold would get. */
function emptyFolds(foldOf: Int32Array, folds: number): Problem[] {
  return Array.from({ length: folds }, (_, fold) => fold)
    .filter((fold) => !foldOf.includes(fold))
    .map((fold) => ({ message: `fold ${fold} gets no row, because the groups of split.group_by are too uneven`, field: 'split.group_by' }));
}

import { writeFileAtomic } from '../core/files.ts';
import type { Problem } from '../core/errors.ts';
import { RandomState } from '../core/random.ts';
import { writeCsv } from './csv.ts';
import { counted, dataError, quoted, quotedList } from './problems.ts';
import { columnOf, readTable } from './table.ts';

export interface FoldOptions {
  readonly strategy: 'stratified-kfold' | 'kfold';
  /** At least 2. */
  readonly folds: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** The classes' names, for messages. */
  readonly classes: readonly string[];
}

/**
 * The fold in whose validation part each row is, [rows]. A `data` error where there are fewer rows than folds or, when
 * stratified, a class has.
 */
export function assignFolds(labels: Int32Array, { strategy, folds, shuffle, seed, classes }: FoldOptions): Int32Array {
  const problems = strategy === 'kfold' ? tooFewRows(labels, folds) : tooFewOfClass(labels, folds, classes);
  if (problems.length > 0) throw dataError(`the training rows cannot be split into ${folds} folds`, 'split', problems, 'Lower split.folds, or add rows.');
  const shuffleSeed = shuffle ? seed : null;
  return strategy === 'kfold' ? kFold(labels.length, folds, shuffleSeed) : stratifiedKFold(labels, folds, shuffleSeed);
}

/** scikit-learn's `KFold`: the first n mod k folds have one row more. `seed` null: not shuffled. */
export function kFold(rows: number, folds: number, seed: number | null): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  if (seed !== null) new RandomState(seed).shuffle(order);
  const foldOf = new Int32Array(rows);
  let start = 0;
  for (let fold = 0; fold < folds; fold++) {
    const size = Math.floor(rows / folds) + (fold < rows % folds ? 1 : 0);
    for (const row of order.subarray(start, start + size)) foldOf[row] = fold;
    start += size;
  }
  return foldOf;
}

/**
 * scikit-learn's `StratifiedKFold`: the rows sorted by class are dealt to the folds in turn, which says how many of each
 * class a fold gets; each class's list of fold numbers is then shuffled. Classes count in the order of first appearance.
 */
export function stratifiedKFold(labels: Int32Array, folds: number, seed: number | null): Int32Array {
  const rng = seed === null ? null : new RandomState(seed);
  const foldOf = new Int32Array(labels.length);
  let dealt = 0;
  for (const rows of rowsByLabel(labels).values()) {
    const perFold = new Int32Array(folds);
    for (let i = 0; i < rows.length; i++) perFold[dealt++ % folds]!++;
    const list = [...perFold].flatMap((count, fold) => Array.from({ length: count }, () => fold));
    rng?.shuffle(list);
    rows.forEach((row, i) => (foldOf[row] = list[i]!));
  }
  return foldOf;
}

/**
 * scikit-learn's `GroupKFold`: groups by falling size, of equal ones the later in sorted order first, each into the fold
 * with the fewest rows so far. `groups`: a number for each row, ascending in the groups' own order.
 */
export function groupKFold(groups: Int32Array, folds: number): Int32Array {
  const rowsOf = rowsByLabel(groups);
  const ordered = [...rowsOf.keys()].sort((a, b) => rowsOf.get(b)!.length - rowsOf.get(a)!.length || b - a);
  const sizes = new Int32Array(folds);
  const foldOf = new Int32Array(groups.length);
  for (const group of ordered) {
    const fold = sizes.indexOf(Math.min(...sizes));
    sizes[fold]! += rowsOf.get(group)!.length;
    for (const row of rowsOf.get(group)!) foldOf[row] = fold;
  }
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

/** Label to its rows, ascending; labels in the order of first appearance. */
function rowsByLabel(labels: Int32Array): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const known = rows.get(label);
    if (known === undefined) rows.set(label, [row]);
    else known.push(row);
  });
  return rows;
}

function tooFewRows(labels: Int32Array, folds: number): Problem[] {
  return labels.length >= folds ? [] : [{ message: `${counted(labels.length, 'row')} for ${folds} folds` }];
}

function tooFewOfClass(labels: Int32Array, folds: number, classes: readonly string[]): Problem[] {
  return [...rowsByLabel(labels)].flatMap(([label, rows]): Problem[] => {
    if (rows.length >= folds) return [];
    const places = rows.map((row) => row + 1).join(', ');
    return [{ message: `the class ${quoted(classes[label] ?? String(label))} has ${counted(rows.length, 'row')} for ${folds} folds: ${places}`, row: rows[0]! + 1 }];
  });
}

import { RandomState } from '../core/random.ts';

/** scikit-learn's `KFold`. `seed` null: not shuffled. */
export function kFold(rows: number, folds: number, seed: number | null): Int32Array {
  return inTurn(seed === null ? Int32Array.from({ length: rows }, (_, row) => row) : new RandomState(seed).permutation(rows), folds);
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

/** The fold of each item where `order` is cut into `folds` pieces, the first n mod k of which have one item more (`numpy.array_split`). */
export function inTurn(order: Int32Array, folds: number): Int32Array {
  const foldOf = new Int32Array(order.length);
  let start = 0;
  for (let fold = 0; fold < folds; fold++) {
    const end = start + Math.floor(order.length / folds) + (fold < order.length % folds ? 1 : 0);
    for (const item of order.subarray(start, end)) foldOf[item] = fold;
    start = end;
  }
  return foldOf;
}

/** Label to its rows, ascending; labels in the order of first appearance. */
export function rowsByLabel(labels: Int32Array): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  labels.forEach((label, row) => {
    const known = rows.get(label);
    if (known === undefined) rows.set(label, [row]);
    else known.push(row);
  });
  return rows;
}

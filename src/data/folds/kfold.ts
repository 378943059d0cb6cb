import { RandomState } from '../../core/random.ts';

/** Where random numbers come from: a generator of its own, or one that others draw from, too. Null: nothing is shuffled. */
export type Randomness = number | RandomState | null;

export function generatorOf(seed: number | RandomState): RandomState {
  return typeof seed === 'number' ? new RandomState(seed) : seed;
}

/** scikit-learn's `KFold`. */
export function kFold(rows: number, folds: number, seed: Randomness): Int32Array {
  return inTurn(seed === null ? Int32Array.from({ length: rows }, (_, row) => row) : generatorOf(seed).permutation(rows), folds);
}

/**
 * scikit-learn's `StratifiedKFold`: the rows sorted by stratum are dealt to the folds in turn, which says how many of each
 * stratum a fold gets; each stratum’s list of fold numbers is then shuffled. Strata count in the order of first appearance.
 */
export function stratifiedKFold(strata: Int32Array, folds: number, seed: Randomness): Int32Array {
  const rng = seed === null ? null : generatorOf(seed);
  const foldOf = new Int32Array(strata.length);
  let dealt = 0;
  for (const rows of rowsByStratum(strata).values()) {
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

/** Stratum to its rows, ascending; strata in the order of first appearance. */
export function rowsByStratum(strata: Int32Array): Map<number, number[]> {
  const rows = new Map<number, number[]>();
  strata.forEach((stratum, row) => {
    const known = rows.get(stratum);
    if (known === undefined) rows.set(stratum, [row]);
    else known.push(row);
  });
  return rows;
}

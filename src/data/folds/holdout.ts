import { RandomState } from '../../core/random.ts';
import type { Groups } from '../examples/index.ts';
import { rowsByStratum } from './kfold.ts';

/** 0 for the rows that are held out, otherwise −1: [rows]. */
type HeldOut = Int32Array;

/** How many rows a share is: `train_test_split` rounds up. */
export function heldOutRows(rows: number, share: number): number {
  return Math.ceil(rows * share);
}

/** scikit-learn's `train_test_split`: the first of a permutation, or, without a seed, the last rows. */
export function holdOut(rows: number, share: number, seed: number | null): HeldOut {
  const out = heldOutRows(rows, share);
  const foldOf = new Int32Array(rows).fill(-1);
  const chosen =
    seed === null ? Array.from({ length: out }, (_, i) => rows - out + i) : new RandomState(seed).permutation(rows).subarray(0, out);
  for (const row of chosen) foldOf[row] = 0;
  return foldOf;
}

/** scikit-learn's `GroupShuffleSplit`: a share of the groups, whatever their sizes. */
export function holdOutGroups({ of, count }: Groups, share: number, seed: number): HeldOut {
  const foldOfGroup = holdOut(count, share, seed);
  return of.map((group) => foldOfGroup[group]!);
}

/**
 * scikit-learn's `StratifiedShuffleSplit`, as `train_test_split` with `stratify`: both parts hold the strata in about the same shares.
 *
 * @param strata numbered; each that occurs has two rows at least
 */
export function holdOutStratified(strata: Int32Array, share: number, seed: number): HeldOut {
  const rng = new RandomState(seed);
  const rowsOf = [...rowsByStratum(strata)].sort(([a], [b]) => a - b).map(([, rows]) => rows);
  const counts = rowsOf.map((rows) => rows.length);
  const out = heldOutRows(strata.length, share);
  const trained = proportionalCounts(counts, strata.length - out, rng);
  const held = proportionalCounts(counts.map((count, stratum) => count - trained[stratum]!), out, rng);
  const foldOf = new Int32Array(strata.length).fill(-1);
  rowsOf.forEach((rows, stratum) => {
    const order = rng.permutation(rows.length);
    const start = trained[stratum]!;
    for (const i of order.subarray(start, start + held[stratum]!)) foldOf[rows[i]!] = 0;
  });
  return foldOf;
}

/**
 * scikit-learn's `_approximate_mode`: the most probable counts of strata among `draws` rows drawn without replacement. Shares are rounded
 * down; what is missing goes to the largest remainders, by lot among equal ones.
 */
function proportionalCounts(counts: readonly number[], draws: number, rng: RandomState): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => (count / total) * draws);
  const result = shares.map(Math.floor);
  const remainders = shares.map((share, stratum) => share - result[stratum]!);
  let missing = draws - result.reduce((sum, count) => sum + count, 0);
  for (const remainder of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing === 0) break;
    const tied = [...remainders.keys()].filter((stratum) => remainders[stratum] === remainder);
    const chosen = rng.choice(tied.length, Math.min(tied.length, missing));
    for (const i of chosen) result[tied[i]!]!++;
    missing -= chosen.length;
  }
  return result;
}

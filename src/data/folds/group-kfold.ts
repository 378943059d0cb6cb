import type { Groups } from '../examples/index.ts';
import { generatorOf, inTurn, type Randomness } from './kfold.ts';

/**
 * scikit-learn's `GroupKFold`: groups by falling size, of equal ones the later first, each into the fold with the fewest rows
 * so far; with a seed, the shuffled groups cut into folds of as many groups each.
 */
export function groupKFold({ of, count }: Groups, folds: number, seed: Randomness): Int32Array {
  const foldOfGroup = seed === null ? bySize({ of, count }, folds) : inTurn(generatorOf(seed).permutation(count), folds);
  return of.map((group) => foldOfGroup[group]!);
}

/**
 * scikit-learn's `StratifiedGroupKFold`: groups by the spread of their strata, the most uneven first, each into the fold
 * after which the strata are spread over the folds most evenly. With a seed, groups of equal spread come in random order.
 *
 * @param strataCount how many strata there are; they are numbered from 0
 */
export function stratifiedGroupKFold(
  strata: Int32Array,
  strataCount: number,
  { of, count }: Groups,
  folds: number,
  seed: Randomness,
): Int32Array {
  const order = seed === null ? Int32Array.from({ length: count }, (_, group) => group) : generatorOf(seed).permutation(count);
  const rowsOfStratum = new Float64Array(strataCount);
  for (const stratum of strata) rowsOfStratum[stratum]!++;
  const withCounts = countsByGroup(strata, strataCount, { of, count });
  const spread = new Float64Array(count).map((_, group) => withCounts(group, deviation));
  order.sort((a, b) => spread[b]! - spread[a]!);

  const dealt = openDealing(rowsOfStratum, folds);
  const foldOfGroup = new Int32Array(count);
  for (const group of order) foldOfGroup[group] = withCounts(group, (rows) => dealt.place(rows));
  return of.map((group) => foldOfGroup[group]!);
}

/**
 * Calls a function with a group's rows of each stratum, [strataCount], which hold until it returns: all of them at once would be groups
 * times strata.
 */
function countsByGroup(
  strata: Int32Array,
  strataCount: number,
  { of, count }: Groups,
): <T>(group: number, use: (rows: Float64Array) => T) => T {
  const starts = new Int32Array(count + 1);
  for (const group of of) starts[group + 1]!++;
  for (let group = 0; group < count; group++) starts[group + 1]! += starts[group]!;
  const [next, byGroup] = [starts.slice(), new Int32Array(of.length)]; // strata, group after group
  of.forEach((group, row) => (byGroup[next[group]!++] = strata[row]!));
  const rows = new Float64Array(strataCount);
  return (group, use) => {
    const own = byGroup.subarray(starts[group], starts[group + 1]);
    for (const stratum of own) rows[stratum]!++;
    try {
      return use(rows);
    } finally {
      for (const stratum of own) rows[stratum] = 0;
    }
  };
}

interface Dealing {
  /** Puts a group with these rows of each stratum into the best fold, and answers with that. */
  place(rows: Float64Array): number;
}

/**
 * The folds while groups are put into them. A fold is judged by the mean over the strata of the standard deviation over the
 * folds of the shares of the stratum; within `isclose` the fold with fewer rows wins.
 */
function openDealing(rowsOfStratum: Float64Array, folds: number): Dealing {
  const strataCount = rowsOfStratum.length;
  const rowsIn = Array.from({ length: strataCount }, () => new Float64Array(folds)); // [strataCount][folds]
  const sizes = new Float64Array(folds);
  const deviations = new Float64Array(strataCount);
  const shares = new Float64Array(folds);
  /** The deviation of a stratum if `fold` had `more` rows of it. */
  const deviationWith = (stratum: number, fold: number, more: number): number => {
    for (let i = 0; i < folds; i++) shares[i] = (rowsIn[stratum]![i]! + (i === fold ? more : 0)) / rowsOfStratum[stratum]!;
    return deviation(shares, sumInOrder);
  };
  const tried = new Float64Array(strataCount);
  return {
    place(rows) {
      let [best, least] = [-1, Infinity];
      for (let fold = 0; fold < folds; fold++) {
        for (let stratum = 0; stratum < strataCount; stratum++)
          tried[stratum] = rows[stratum] === 0 ? deviations[stratum]! : deviationWith(stratum, fold, rows[stratum]!);
        const value = sumPairwise(tried) / strataCount;
        if (value < least || (isClose(value, least) && sizes[fold]! < sizes[best]!)) [best, least] = [fold, value];
      }
      for (let stratum = 0; stratum < strataCount; stratum++) {
        if (rows[stratum] === 0) continue;
        rowsIn[stratum]![best]! += rows[stratum]!;
        sizes[best]! += rows[stratum]!;
        deviations[stratum] = deviationWith(stratum, best, 0);
      }
      return best;
    },
  };
}

function bySize({ of, count }: Groups, folds: number): Int32Array {
  const rowsOf = new Int32Array(count);
  for (const group of of) rowsOf[group]!++;
  const ordered = Int32Array.from({ length: count }, (_, group) => group).sort((a, b) => rowsOf[b]! - rowsOf[a]! || b - a);
  const sizes = new Int32Array(folds);
  const foldOf = new Int32Array(count);
  for (const group of ordered) {
    const fold = sizes.indexOf(Math.min(...sizes));
    sizes[fold]! += rowsOf[group]!;
    foldOf[group] = fold;
  }
  return foldOf;
}

type Sum = (values: Float64Array) => number;

/** `numpy.std`, rounded as there: ties between groups and between folds are decided by the last bit. */
function deviation(values: Float64Array, sum: Sum = sumPairwise): number {
  const mean = sum(values) / values.length;
  return Math.sqrt(sum(values.map((value) => (value - mean) * (value - mean))) / values.length);
}

/** How numpy sums over the first axis of a matrix. */
function sumInOrder(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** How numpy sums neighbours in memory: eight sums at a time, in blocks of at most 128. */
function sumPairwise(values: Float64Array): number {
  const { length } = values;
  if (length < 8) return sumInOrder(values);
  if (length > 128) {
    const half = Math.floor(length / 2) - (Math.floor(length / 2) % 8);
    return sumPairwise(values.subarray(0, half)) + sumPairwise(values.subarray(half));
  }
  const sums = values.slice(0, 8);
  const whole = length - (length % 8);
  for (let i = 8; i < whole; i++) sums[i % 8]! += values[i]!;
  const [a, b, c, d, e, f, g, h] = sums as unknown as readonly [number, number, number, number, number, number, number, number];
  let total = a + b + (c + d) + (e + f + (g + h));
  for (const value of values.subarray(whole)) total += value;
  return total;
}

/** `numpy.isclose` with its usual tolerances. */
function isClose(value: number, reference: number): boolean {
  return Math.abs(value - reference) <= 1e-8 + 1e-5 * Math.abs(reference);
}

import { binomialCdf, studentQuantile, studentTails } from './distributions.ts';

/** How sure a difference between two classifiers is, and how far a score may be from what it would be on new data. */

/** A 95 % interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What two lists of scores of the same folds say about their difference. */
export interface PairedTest {
  /** Mean of a − b. */
  readonly difference: number;
  readonly interval: Interval;
  /** Two-sided. */
  readonly p: number;
  readonly folds: number;
}

/** What two classifiers' answers to the same questions say about their difference. */
export interface McNemar {
  readonly onlyA: number;
  readonly onlyB: number;
  /** Two-sided, exact. */
  readonly p: number;
}

/**
 * The interval of a score's mean over folds, t · sd · √(1/k + test/train). The folds share most of their training rows, which
 * makes sd / √k too small; the second term corrects that (Nadeau and Bengio 2003, Inference for the Generalization Error).
 * `testToTrain`: rows of a fold over rows that it trains on, 1 / (k − 1) for k folds. Of several `comparisons` the intervals hold
 * together with 95 %, each for itself with 1 − 5 % / comparisons (Bonferroni). Undefined below two scores.
 */
export function resampledInterval(scores: readonly number[], testToTrain: number, comparisons = 1): Interval | undefined {
  const { mean, sd } = meanAndSd(scores);
  if (scores.length < 2 || !Number.isFinite(sd)) return undefined;
  const reach = studentQuantile(1 - 0.025 / comparisons, scores.length - 1) * sd * Math.sqrt(1 / scores.length + testToTrain);
  return { low: mean - reach, high: mean + reach };
}

/**
 * The corrected resampled t-test of a − b over the same folds, after the same paper. p and interval are those of one of several
 * `comparisons`, by Bonferroni's correction: the interval excludes zero exactly where p is below 5 %. Undefined below two folds.
 */
export function pairedTest(a: readonly number[], b: readonly number[], testToTrain: number, comparisons = 1): PairedTest | undefined {
  const differences = a.map((score, i) => score - b[i]!);
  const interval = resampledInterval(differences, testToTrain, comparisons);
  if (interval === undefined) return undefined;
  const { mean, sd } = meanAndSd(differences);
  const t = mean / (sd * Math.sqrt(1 / differences.length + testToTrain));
  // Equal on every fold: nothing speaks against equality.
  const p = mean === 0 ? 1 : Math.min(1, comparisons * studentTails(t, differences.length - 1));
  return { difference: mean, interval, p, folds: differences.length };
}

/**
 * McNemar's exact test: of the rows that only one of two gets right, each has the same chance to be either's (McNemar 1947). Where rows are
 * more or less right, by a number that is larger for better ones, it is the exact sign test of the rows on which the two differ.
 */
export function mcnemar(rightA: ArrayLike<boolean | number>, rightB: ArrayLike<boolean | number>): McNemar {
  let [onlyA, onlyB] = [0, 0];
  for (let row = 0; row < rightA.length; row++) {
    const difference = Number(rightA[row]) - Number(rightB[row]);
    if (difference > 0) onlyA += 1;
    if (difference < 0) onlyB += 1;
  }
  return { onlyA, onlyB, p: Math.min(1, 2 * binomialCdf(Math.min(onlyA, onlyB), onlyA + onlyB, 0.5)) };
}

/** Wilson's score interval of a share (Wilson 1927): it stays within 0 and 1 and holds for few rows too. */
export function wilsonInterval(hits: number, rows: number): Interval {
  const share = hits / rows;
  const z2 = NORMAL_QUANTILE ** 2 / rows;
  const reach = NORMAL_QUANTILE * Math.sqrt((share * (1 - share)) / rows + z2 / (4 * rows));
  return { low: (share + z2 / 2 - reach) / (1 + z2), high: (share + z2 / 2 + reach) / (1 + z2) };
}

/** 97.5 % of the normal distribution lie below. */
const NORMAL_QUANTILE = 1.959963984540054;

/** Mean and standard deviation (n − 1); of one value the deviation is NaN. */
export function meanAndSd(values: readonly number[]): { readonly mean: number; readonly sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
}

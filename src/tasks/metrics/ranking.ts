import { ascending, endOfTie } from './order.ts';

/** Scores of a ranking, as scikit-learn defines them; NaN where there is nothing to rank. */

/** A score of one ranking; `positive` is 1 for the rows that should come first, else 0. */
export type RankingScore = (positive: ArrayLike<number>, scores: ArrayLike<number>) => number;

/** `macro`: each class, or pair of classes, counts the same; `weighted`: by its rows. */
export type Averaging = 'macro' | 'weighted';

/**
 * Area under the ROC curve: the chance that a positive row scores above a negative one, ties counting half (Mann and Whitney). NaN unless
 * both kinds occur.
 */
export function rocAuc(positive: ArrayLike<number>, scores: ArrayLike<number>): number {
  const order = ascending(scores);
  let [positives, rankSum] = [0, 0];
  for (let start = 0, end: number; start < order.length; start = end) {
    end = endOfTie(order, scores, start);
    const hits = positivesIn(positive, order, start, end);
    positives += hits;
    rankSum += hits * ((start + end + 1) / 2);
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * `rocAuc` of each class against all others, where one score ranks them all: one sort for all classes. `labels` are class numbers below
 * `classes`.
 */
export function rocAucOfEach(labels: Int32Array, scores: ArrayLike<number>, classes: number): Float64Array {
  const order = ascending(scores);
  const [rows, rankSums] = [new Int32Array(classes), new Float64Array(classes)];
  for (let start = 0, end: number; start < order.length; start = end) {
    end = endOfTie(order, scores, start);
    for (let i = start; i < end; i++) {
      const label = labels[order[i]!]!;
      rows[label]!++;
      rankSums[label]! += (start + end + 1) / 2;
    }
  }
  return rankSums.map((rankSum, k) => (rankSum - (rows[k]! * (rows[k]! + 1)) / 2) / (rows[k]! * (order.length - rows[k]!)));
}

/**
 * Average precision: Σ (Rₙ − Rₙ₋₁) Pₙ over the distinct scores as thresholds, from the highest down (recall R, precision P). NaN where no
 * row is positive, which scikit-learn takes for 0.
 */
export function averagePrecision(positive: ArrayLike<number>, scores: ArrayLike<number>): number {
  const order = ascending(scores).reverse();
  let [found, sum] = [0, 0];
  for (let start = 0, end: number; start < order.length; start = end) {
    end = endOfTie(order, scores, start);
    const hits = positivesIn(positive, order, start, end);
    found += hits;
    sum += hits * (found / end);
  }
  return sum / found;
}

/** The mean over the classes of a score of each against all others. `probabilities`: row-major [rows, classes]. */
export function oneAgainstRest(
  score: RankingScore,
  labels: Int32Array,
  probabilities: ArrayLike<number>,
  classes: number,
  averaging: Averaging,
): number {
  return average(
    Array.from({ length: classes }, (_, k) => {
      const positive = labels.map((label) => (label === k ? 1 : 0));
      return {
        score: score(positive, column(probabilities, classes, k)),
        weight: averaging === 'macro' ? 1 : positive.reduce((sum, x) => sum + x, 0),
      };
    }),
  );
}

function average(terms: readonly { readonly score: number; readonly weight: number }[]): number {
  const weights = terms.reduce((sum, { weight }) => sum + weight, 0);
  return terms.reduce((sum, { score, weight }) => sum + score * weight, 0) / weights;
}

function column(probabilities: ArrayLike<number>, classes: number, k: number): Float64Array {
  return Float64Array.from({ length: probabilities.length / classes }, (_, row) => probabilities[row * classes + k]!);
}

function positivesIn(positive: ArrayLike<number>, order: Int32Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) count += positive[order[i]!]!;
  return count;
}

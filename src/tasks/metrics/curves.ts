import { ascending } from './order.ts';

/** Curves of a ranking and of its probabilities, as scikit-learn defines them. */

/** What becomes of the rows if those with a score of at least `threshold` are called positive. */
export interface ThresholdPoint {
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly precision: number;
  /** Also the true positive rate. */
  readonly recall: number;
  readonly falsePositiveRate: number;
  readonly f1: number;
}

/** Rows whose predicted chance falls into one bin. */
export interface CalibrationBin {
  /** Above this … */
  readonly low: number;
  /** … up to and including this. */
  readonly high: number;
  readonly rows: number;
  readonly meanPredicted: number;
  /** Share of the rows for which the prediction came true. */
  readonly observed: number;
}

/**
 * One point for each distinct score, from the highest down. `positive`: 1 or 0 a row. The ROC curve is recall over false
 * positive rate and begins at (0, 0); the precision-recall curve is precision over recall.
 */
export function thresholdCurve(positive: ArrayLike<number>, scores: ArrayLike<number>): readonly ThresholdPoint[] {
  const order = ascending(scores).reverse();
  const positives = order.reduce((sum, row) => sum + positive[row]!, 0);
  const negatives = order.length - positives;
  const points: ThresholdPoint[] = [];
  let truePositives = 0;
  order.forEach((row, i) => {
    truePositives += positive[row]!;
    const threshold = scores[row]!;
    if (i + 1 < order.length && scores[order[i + 1]!] === threshold) return;
    const called = i + 1;
    points.push({
      threshold,
      truePositives,
      falsePositives: called - truePositives,
      precision: truePositives / called,
      recall: truePositives / positives,
      falsePositiveRate: (called - truePositives) / negatives,
      f1: (2 * truePositives) / (called + positives),
    });
  });
  return points;
}

/** The number of the bin (a, b] of a chance; rounding may have put it a little above 1. */
function binOf(p: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, Math.ceil(p * bins) - 1));
}

/** Bins of equal width over 0 … 1; those without rows are left out. `came`: 1 where the prediction came true. */
export function calibrationBins(came: ArrayLike<number>, predicted: ArrayLike<number>, bins: number): readonly CalibrationBin[] {
  const sums = Array.from({ length: bins }, () => ({ rows: 0, predicted: 0, came: 0 }));
  Array.from(predicted).forEach((p, row) => {
    const sum = sums[binOf(p, bins)]!;
    sum.rows += 1;
    sum.predicted += p;
    sum.came += came[row]!;
  });
  return sums.flatMap(({ rows, predicted, came }, i) =>
    rows === 0 ? [] : [{ low: i / bins, high: (i + 1) / bins, rows, meanPredicted: predicted / rows, observed: came / rows }],
  );
}

/**
 * The rows' mean distance between predicted and observed share of their bin (Guo et al. 2017, On Calibration of Modern Neural Networks).
 */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  const rows = bins.reduce((sum, bin) => sum + bin.rows, 0);
  return bins.reduce((sum, { rows: of, meanPredicted, observed }) => sum + (of / rows) * Math.abs(observed - meanPredicted), 0);
}

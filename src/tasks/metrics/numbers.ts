import { valueAt } from '../../core/values.ts';
import { ascending, endOfTie } from './order.ts';

/**
 * Scores of predicted numbers, as scikit-learn and scipy define them. Means are taken from the first value on, and squares from the mean
 * on, so that an offset of millions costs no digits. A score of no rows is NaN.
 */

/** A score of predicted numbers against the true ones. */
export type NumberScore = (truth: ArrayLike<number>, predicted: ArrayLike<number>) => number;

/** Root mean squared error. `weights`: one a row; the mean is Σ w x / Σ w. */
export function rmse(truth: ArrayLike<number>, predicted: ArrayLike<number>, weights?: ArrayLike<number>): number {
  return Math.sqrt(weightedMean(truth.length, (row) => (valueAt(truth, row) - valueAt(predicted, row)) ** 2, weights));
}

/** Mean absolute error. `weights` as in `rmse`. */
export function mae(truth: ArrayLike<number>, predicted: ArrayLike<number>, weights?: ArrayLike<number>): number {
  return weightedMean(truth.length, (row) => Math.abs(valueAt(truth, row) - valueAt(predicted, row)), weights);
}

/**
 * The share of the variance that the predictions explain: 1 − Σ (y − ŷ)² / Σ (y − mean y)². Of a constant truth 0, or 1 where every
 * prediction is right; NaN of fewer than two rows. `weights` as in `rmse`.
 */
export function r2(truth: ArrayLike<number>, predicted: ArrayLike<number>, weights?: ArrayLike<number>): number {
  if (truth.length < 2) return NaN;
  const left = weightedMean(truth.length, (row) => (valueAt(truth, row) - valueAt(predicted, row)) ** 2, weights);
  const distances = centred(truth, weights);
  const variance = isConstant(truth) ? 0 : weightedMean(truth.length, (row) => valueAt(distances, row) ** 2, weights);
  if (variance === 0) return left === 0 ? 1 : 0;
  return 1 - left / variance;
}

/** Pearson's correlation; NaN where one side is constant, or of fewer than two rows. */
export function pearson(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  if (truth.length < 2 || isConstant(truth) || isConstant(predicted)) return NaN;
  const [x, y] = [centred(truth), centred(predicted)];
  const [ofX, ofY] = [norm(x), norm(y)];
  const cosine = x.reduce((sum, value, row) => sum + (value / ofX) * (valueAt(y, row) / ofY), 0);
  return Math.min(1, Math.max(-1, cosine));
}

/** Spearman's correlation: Pearson's of the ranks, equal values having the mean of theirs. */
export function spearman(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  return pearson(ranks(truth), ranks(predicted));
}

/**
 * The mean over the columns of a score of each, over the rows whose true number is known, which is NaN otherwise; `mcrmse` is that of
 * `rmse`. NaN where it is undefined in a column that has known numbers; a column that has none does not count. `truth` and `predicted`:
 * row-major [rows, width].
 */
export function meanOfColumns(score: NumberScore, truth: ArrayLike<number>, predicted: ArrayLike<number>, width: number): number {
  const scores = scoreOfColumns(score, truth, predicted, width).filter((_, column) => knownRows(truth, width, column).length > 0);
  return scores.reduce((sum, value) => sum + value, 0) / scores.length;
}

/** [width] A score of each column, over the rows whose true number is known. */
export function scoreOfColumns(
  score: NumberScore,
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  width: number,
): readonly number[] {
  return Array.from({ length: width }, (_, column) => {
    const rows = knownRows(truth, width, column);
    const of = (values: ArrayLike<number>): Float64Array => Float64Array.from(rows, (row) => valueAt(values, row * width + column));
    return score(of(truth), of(predicted));
  });
}

function knownRows(truth: ArrayLike<number>, width: number, column: number): Int32Array {
  return Int32Array.from({ length: truth.length / width }, (_, row) => row).filter((row) => !Number.isNaN(truth[row * width + column]));
}

/** [rows] The place of each value among all, from 1; equal ones share the mean of theirs. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = ascending(values);
  const found = new Float64Array(order.length);
  for (let start = 0, end: number; start < order.length; start = end) {
    end = endOfTie(order, values, start);
    for (let i = start; i < end; i++) found[order[i]!] = (start + end + 1) / 2;
  }
  return found;
}

/** One value throughout, which rounding of a mean would give a little variance. */
function isConstant(values: ArrayLike<number>): boolean {
  for (let row = 1; row < values.length; row++) if (values[row] !== values[0]) return false;
  return true;
}

/** Distances from the mean, by way of those from the first value, which have all digits. */
function centred(values: ArrayLike<number>, weights?: ArrayLike<number>): Float64Array {
  const first = valueAt(values, 0);
  const mean = weightedMean(values.length, (row) => values[row]! - first, weights);
  const found = new Float64Array(values.length);
  for (let row = 0; row < found.length; row++) found[row] = values[row]! - first - mean;
  return found;
}

function norm(values: Float64Array): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest * Math.sqrt(values.reduce((sum, value) => sum + (value / largest) ** 2, 0));
}

function weightedMean(rows: number, of: (row: number) => number, weights?: ArrayLike<number>): number {
  let [sum, all] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const weight = weights === undefined ? 1 : valueAt(weights, row);
    sum += weight * of(row);
    all += weight;
  }
  return sum / all;
}

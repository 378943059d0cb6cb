import { valueAt } from '../../core/values.ts';
import { brierScore, expectedCalibrationError, logLoss } from './probabilities.ts';
import { averagePrecision, rocAuc, type RankingScore } from './ranking.ts';

/**
 * Scores of several labels a row, as scikit-learn defines them. `truth` holds 1, 0, or NaN where it is not known, `scores` a probability
 * each: row-major [rows, labels]. What is not known counts nowhere: a score of a label is over the rows where it is known, a mean over
 * the labels over those that are known somewhere, a mean over the rows over those of which a label is known.
 */
export interface LabelRows {
  readonly truth: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
  readonly labels: number;
}

/** How precision, recall and F1 are put together: over all cells, or as the mean over labels, over labels by their rows, over rows. */
export type LabelAveraging = 'micro' | 'macro' | 'weighted' | 'samples';

/** A ratio of nothing to nothing is 0. */
export interface LabelScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** What of a label's, or of a row's, cells the scores follow from. */
export interface Counts {
  readonly known: number;
  /** Cells that are true. */
  readonly truth: number;
  /** Cells with a score above one half. */
  readonly predicted: number;
  readonly hits: number;
}

export function isPredicted(score: number): boolean {
  return score > 0.5;
}

/** [labels] */
export function countsOfLabels(rows: LabelRows): readonly Counts[] {
  const { truth, labels } = rows;
  return Array.from({ length: labels }, (_, label) => countsOf(rows, label, truth.length, labels));
}

export function scoresOf({ truth, predicted, hits }: Counts): LabelScores {
  return { precision: ratio(hits, predicted), recall: ratio(hits, truth), f1: ratio(2 * hits, truth + predicted) };
}

export function averagedScores(rows: LabelRows, averaging: LabelAveraging): LabelScores {
  if (averaging === 'micro') return scoresOf(countsOf(rows, 0, rows.truth.length, 1));
  const all = (averaging === 'samples' ? countsOfRows(rows) : countsOfLabels(rows)).filter(({ known }) => known > 0);
  const weights = all.map(({ truth }) => (averaging === 'weighted' ? truth : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const scores = all.map(scoresOf);
  const mean = (key: keyof LabelScores): number =>
    ratio(scores.reduce((sum, score, i) => sum + score[key] * valueAt(weights, i), 0), total);
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** The share of cells that are predicted wrongly. */
export function hammingLoss(rows: LabelRows): number {
  const { known, truth, predicted, hits } = countsOf(rows, 0, rows.truth.length, 1);
  return (truth + predicted - 2 * hits) / known;
}

/** The share of rows whose labels are all predicted rightly. */
export function subsetAccuracy(rows: LabelRows): number {
  const known = countsOfRows(rows).filter((counts) => counts.known > 0);
  return known.filter(({ truth, predicted, hits }) => truth === hits && predicted === hits).length / known.length;
}

/** [labels] A score of each label's ranking; NaN where it is undefined, as for a label that is the same in all rows. */
export function rankingOfLabels(score: RankingScore, { truth, scores, labels }: LabelRows): readonly number[] {
  return Array.from({ length: labels }, (_, label) => {
    const { positive, ranked } = knownCells(truth, scores, label, labels);
    return score(positive, ranked);
  });
}

/** The mean area under the ROC curve of the labels; NaN where one label is the same in all rows. */
export function rocAucMacro(rows: LabelRows): number {
  return mean(rankingOfLabels(rocAuc, rows));
}

/** The area under the ROC curve of all cells together. */
export function rocAucMicro({ truth, scores }: LabelRows): number {
  const { positive, ranked } = knownCells(truth, scores, 0, 1);
  return rocAuc(positive, ranked);
}

/** The mean average precision of the labels; NaN where a label never occurs. */
export function averagePrecisionMacro(rows: LabelRows): number {
  return mean(rankingOfLabels(averagePrecision, rows));
}

/** The mean over all known cells of the negative log-likelihood. */
export function cellLogLoss({ truth, scores }: LabelRows): number {
  const { positive, ranked } = knownCells(truth, scores, 0, 1);
  return logLoss(positive, ranked, 2);
}

/** The mean over the labels of their log loss. */
export function labelLogLoss(rows: LabelRows): number {
  return meanOverLabels(rows, logLoss);
}

/** The mean over the labels of Brier's score. */
export function labelBrierScore(rows: LabelRows): number {
  return meanOverLabels(rows, brierScore);
}

/** The mean over the labels of the expected calibration error. */
export function labelCalibrationError(rows: LabelRows): number {
  return meanOverLabels(rows, expectedCalibrationError);
}

type BinaryScore = (labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number) => number;

function meanOverLabels({ truth, scores, labels }: LabelRows, score: BinaryScore): number {
  const cells = Array.from({ length: labels }, (_, label) => knownCells(truth, scores, label, labels));
  return mean(cells.filter(({ positive }) => positive.length > 0).map(({ positive, ranked }) => score(positive, ranked, 2)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The known cells from `first` on in steps of `step`. */
function knownCells(
  truth: ArrayLike<number>,
  scores: ArrayLike<number>,
  first: number,
  step: number,
): { readonly positive: Float64Array; readonly ranked: Float64Array } {
  const cells = Int32Array.from({ length: (truth.length - first + step - 1) / step }, (_, i) => first + i * step).filter(
    (cell) => !Number.isNaN(truth[cell]),
  );
  return {
    positive: Float64Array.from(cells, (cell) => valueAt(truth, cell)),
    ranked: Float64Array.from(cells, (cell) => valueAt(scores, cell)),
  };
}

function countsOfRows(rows: LabelRows): readonly Counts[] {
  const { truth, labels } = rows;
  return Array.from({ length: truth.length / labels }, (_, row) => countsOf(rows, row * labels, (row + 1) * labels, 1));
}

/** Of the cells from `first` up to `end` in steps of `step`. */
function countsOf({ truth, scores }: LabelRows, first: number, end: number, step: number): Counts {
  let [known, ofTruth, predicted, hits] = [0, 0, 0, 0];
  for (let cell = first; cell < end; cell += step) {
    const is = valueAt(truth, cell);
    if (Number.isNaN(is)) continue;
    const isCalled = isPredicted(valueAt(scores, cell));
    known++;
    ofTruth += is;
    if (isCalled) predicted++;
    if (isCalled && is === 1) hits++;
  }
  return { known, truth: ofTruth, predicted, hits };
}

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}

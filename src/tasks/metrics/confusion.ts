import { countUp, valueAt } from '../../core/values.ts';

/**
 * What of a confusion matrix the scores follow from, which grows with the classes and not with their square. Definitions as in
 * scikit-learn with `zero_division=0`: a ratio of nothing to nothing is 0.
 */
export interface Confusion {
  readonly classes: number;
  /** Rows of each class. */
  readonly truth: Int32Array;
  /** Rows that are predicted as each class. */
  readonly predicted: Int32Array;
  /** Rows of each class that are predicted as it: the matrix's diagonal. */
  readonly hits: Int32Array;
}

/** A cell of the matrix that is not 0. */
export interface ConfusionCell {
  readonly truth: number;
  readonly prediction: number;
  readonly rows: number;
}

export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows that are of the class. */
  readonly support: number;
}

/** `labels` and `predictions`: class numbers below `classes`. */
export function confusionOf(labels: Int32Array, predictions: Int32Array, classes: number): Confusion {
  const [truth, predicted, hits] = [new Int32Array(classes), new Int32Array(classes), new Int32Array(classes)];
  labels.forEach((label, row) => {
    const prediction = valueAt(predictions, row);
    truth[label]!++;
    predicted[prediction]!++;
    if (label === prediction) hits[label]!++;
  });
  return { classes, truth, predicted, hits };
}

/** The cells of the matrix that are not 0, at most one a row of the data; by truth, then by prediction. */
export function confusionCells(labels: Int32Array, predictions: Int32Array, classes: number): readonly ConfusionCell[] {
  const rowsOf = new Map<number, number>();
  labels.forEach((label, row) => {
    const cell = label * classes + valueAt(predictions, row);
    countUp(rowsOf, cell);
  });
  return [...rowsOf]
    .sort(([a], [b]) => a - b)
    .map(([cell, rows]) => ({ truth: Math.floor(cell / classes), prediction: cell % classes, rows }));
}

export function accuracy(confusion: Confusion): number {
  return ratio(correct(confusion), total(confusion));
}

/** Precision, recall and F1 of each class. */
export function classScores({ truth, predicted, hits }: Confusion): readonly ClassScores[] {
  return Array.from(truth, (support, k) => {
    const right = valueAt(hits, k);
    return {
      precision: ratio(right, valueAt(predicted, k)),
      recall: ratio(right, support),
      f1: ratio(2 * right, support + valueAt(predicted, k)),
      support,
    };
  });
}

/** Scores averaged over the classes that occur in truth or prediction, each counting the same. */
export function macroScores(confusion: Confusion): Omit<ClassScores, 'support'> {
  const scores = classScores(confusion).filter(({ support }, k) => support + valueAt(confusion.predicted, k) > 0);
  const mean = (key: 'precision' | 'recall' | 'f1'): number => ratio(scores.reduce((sum, score) => sum + score[key], 0), scores.length);
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** The mean recall of the classes that occur in truth. */
export function balancedAccuracy(confusion: Confusion): number {
  const occurring = classScores(confusion).filter(({ support }) => support > 0);
  return ratio(occurring.reduce((sum, { recall }) => sum + recall, 0), occurring.length);
}

/** F1 of each class, averaged by its rows. */
export function weightedF1(confusion: Confusion): number {
  return ratio(classScores(confusion).reduce((sum, { f1, support }) => sum + f1 * support, 0), total(confusion));
}

/**
 * Matthews' correlation of truth and prediction, for several classes as Gorodkin (2004) defines it:
 * (n Σ hits − Σ pₖ tₖ) / √((n² − Σ pₖ²) (n² − Σ tₖ²)). 0 where all rows are, or are called, one class.
 */
export function matthews(confusion: Confusion): number {
  const { truth, predicted } = confusion;
  const n = total(confusion);
  const covariance = n * correct(confusion) - dot(truth, predicted);
  const [spreadOfTruth, spreadOfPrediction] = [n * n - dot(truth, truth), n * n - dot(predicted, predicted)];
  return ratio(covariance, Math.sqrt(spreadOfTruth) * Math.sqrt(spreadOfPrediction));
}

/** Cohen's kappa: how much of what chance leaves to get right is right. NaN where chance leaves nothing. */
export function cohenKappa(confusion: Confusion): number {
  const n = total(confusion);
  const chance = dot(confusion.truth, confusion.predicted) / n;
  return (correct(confusion) - chance) / (n - chance);
}

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}

function correct({ hits }: Confusion): number {
  return sum(hits);
}

function total({ truth }: Confusion): number {
  return sum(truth);
}

function dot(a: Int32Array, b: Int32Array): number {
  return a.reduce((all, x, k) => all + x * valueAt(b, k), 0);
}

function sum(counts: Int32Array): number {
  return counts.reduce((all, count) => all + count, 0);
}

/** [classes] How many rows each class has. */
export function classSizes(labels: Int32Array, classes: number): Int32Array {
  const sizes = new Int32Array(classes);
  for (const label of labels) sizes[label]!++;
  return sizes;
}

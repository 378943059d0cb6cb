/**
 * A confusion matrix and the scores that follow from it. Rows are the truth, columns the prediction, row-major
 * [classes, classes]. Definitions as in scikit-learn with `zero_division=0`: a ratio of nothing to nothing is 0.
 */
export interface Confusion {
  readonly classes: number;
  readonly counts: Int32Array;
}

export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows that are of the class. */
  readonly support: number;
}

/** `labels` and `predictions`: class numbers below `classes`. */
export function confusionMatrix(labels: Int32Array, predictions: Int32Array, classes: number): Confusion {
  const counts = new Int32Array(classes * classes);
  labels.forEach((label, row) => counts[label * classes + predictions[row]!]!++);
  return { classes, counts };
}

export function accuracy(confusion: Confusion): number {
  return ratio(correct(confusion), total(confusion));
}

/** Precision, recall and F1 of each class. */
export function classScores(confusion: Confusion): readonly ClassScores[] {
  const truth = rowSums(confusion);
  const predicted = columnSums(confusion);
  return truth.map((support, k) => {
    const hits = diagonal(confusion, k);
    return { precision: ratio(hits, predicted[k]!), recall: ratio(hits, support), f1: ratio(2 * hits, support + predicted[k]!), support };
  });
}

/** Scores averaged over the classes that occur in truth or prediction, each counting the same. */
export function macroScores(confusion: Confusion): Omit<ClassScores, 'support'> {
  const predicted = columnSums(confusion);
  const scores = classScores(confusion).filter(({ support }, k) => support + predicted[k]! > 0);
  const mean = (key: 'precision' | 'recall' | 'f1'): number => ratio(scores.reduce((sum, score) => sum + score[key], 0), scores.length);
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** Scores averaged over the classes by their support. */
export function weightedScores(confusion: Confusion): Omit<ClassScores, 'support'> {
  const rows = total(confusion);
  const scores = classScores(confusion);
  const mean = (key: 'precision' | 'recall' | 'f1'): number => ratio(scores.reduce((sum, score) => sum + score[key] * score.support, 0), rows);
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
}

/** Mean recall of the classes that occur. */
export function balancedAccuracy(confusion: Confusion): number {
  const occurring = classScores(confusion).filter(({ support }) => support > 0);
  return ratio(occurring.reduce((sum, { recall }) => sum + recall, 0), occurring.length);
}

/** Matthews' correlation coefficient in Gorodkin's form for several classes; 0 where truth or prediction has one class. */
export function matthews(confusion: Confusion): number {
  const n = total(confusion);
  const truth = rowSums(confusion);
  const predicted = columnSums(confusion);
  const covariance = correct(confusion) * n - dot(truth, predicted);
  return ratio(covariance, Math.sqrt((n * n - dot(predicted, predicted)) * (n * n - dot(truth, truth))));
}

/** Cohen's kappa: agreement beyond chance, (p − e) / (1 − e); NaN where chance already agrees fully. */
export function cohenKappa(confusion: Confusion): number {
  const n = total(confusion);
  const chance = dot(rowSums(confusion), columnSums(confusion)) / n;
  return (correct(confusion) - chance) / (n - chance);
}

function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}

function diagonal({ classes, counts }: Confusion, k: number): number {
  return counts[k * classes + k]!;
}

function correct(confusion: Confusion): number {
  return Array.from({ length: confusion.classes }, (_, k) => diagonal(confusion, k)).reduce((sum, count) => sum + count, 0);
}

function total({ counts }: Confusion): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function rowSums({ classes, counts }: Confusion): number[] {
  return Array.from({ length: classes }, (_, k) => counts.subarray(k * classes, (k + 1) * classes).reduce((sum, count) => sum + count, 0));
}

function columnSums({ classes, counts }: Confusion): number[] {
  return Array.from({ length: classes }, (_, k) => counts.reduce((sum, count, i) => (i % classes === k ? sum + count : sum), 0));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, k) => sum + x * b[k]!, 0);
}

import { betterOf } from '../../config/index.ts';
import * as labels from '../metrics/labels.ts';
import type { Metric } from '../task.ts';

/** Measured of every epoch, in the order in which they are shown; `loss` is the mean over all known cells. */
export function usualLabelMetrics(count: number): readonly Metric[] {
  const names = ['loss', 'roc_auc', 'average_precision', 'f1_macro', 'f1_micro', 'hamming', 'subset_accuracy'] as const;
  return names.map((name) => labelMetric(name, count));
}

/** Those that are measured where somebody names them. */
export function namedLabelMetric(name: string, count: number): Metric | undefined {
  return Object.hasOwn(SCORES, name) ? labelMetric(name as keyof typeof SCORES, count) : undefined;
}

function labelMetric(name: keyof typeof SCORES, count: number): Metric {
  return {
    name,
    better: betterOf(name),
    of: ({ values }, { numbers }) => SCORES[name]({ truth: values, scores: numbers, labels: count }),
  };
}

const SCORES = {
  loss: labels.cellLogLoss,
  roc_auc: labels.rocAucMacro,
  roc_auc_micro: labels.rocAucMicro,
  average_precision: labels.averagePrecisionMacro,
  precision_macro: (rows) => labels.averagedScores(rows, 'macro').precision,
  recall_macro: (rows) => labels.averagedScores(rows, 'macro').recall,
  f1_macro: (rows) => labels.averagedScores(rows, 'macro').f1,
  f1_micro: (rows) => labels.averagedScores(rows, 'micro').f1,
  f1_weighted: (rows) => labels.averagedScores(rows, 'weighted').f1,
  f1_samples: (rows) => labels.averagedScores(rows, 'samples').f1,
  hamming: labels.hammingLoss,
  subset_accuracy: labels.subsetAccuracy,
  log_loss: labels.labelLogLoss,
  brier: labels.labelBrierScore,
  ece: labels.labelCalibrationError,
} as const satisfies Readonly<Record<string, (rows: labels.LabelRows) => number>>;

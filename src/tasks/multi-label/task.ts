import { valueAt } from '../../core/values.ts';
import { binaryCrossEntropy } from '../../engine/models/index.ts';
import { targetOf, type Targets } from '../../data/examples/index.ts';
import { isPredicted } from '../metrics/labels.ts';
import { logit, measuredByLoss } from '../loss-measured.ts';
import type { Predictions } from '../predictions.ts';
import type { TargetWeights, Task } from '../task.ts';
import { labelSizes, type Labels } from './cells.ts';
import { labelColumns } from './columns.ts';
import { labelConflicts, labelFindings } from './findings/index.ts';
import { labelLoss } from './loss.ts';
import { namedLabelMetric, usualLabelMetrics } from './metrics.ts';
import { undefinedLabelMetrics } from './monitors.ts';
import { labelReport } from './report/index.ts';
import { labelValue, labelValues } from './submission.ts';
import { labelStrata } from './strata.ts';

/**
 * Any number of labels for each row. Targets are 1, 0 or, where a label is not known, NaN: [rows, labels]. The model has an output a
 * label, whose sigmoid is its probability: predictions are [rows, labels].
 */
export function multiLabel(of: Labels): Task {
  const { labels, separator, masked } = of;
  const width = labels.length;
  const metrics = usualLabelMetrics(width);
  return {
    description: { task: 'multi-label', labels, ...(separator === null ? {} : { separator }), ...(masked ? { masked } : {}) },
    summary: `${width} label${width === 1 ? '' : 's'}`,
    words: { one: 'labels', many: 'labels' },
    names: labels,
    outputs: width,
    loss: binaryCrossEntropy,
    ...(masked ? { weights: knownLabels } : {}),
    withLoss(options, targets) {
      const found = labelLoss(labels, options, targets);
      return 'problems' in found ? found : measuredByLoss({ ...multiLabel(of), ...found }, ({ numbers }) => numbers.map(logit));
    },
    encode(target, into) {
      target.forEach((value, label) => (into[label] = value === 1 ? 1 : 0));
    },
    predict: sigmoids(width),
    published: {
      asPair: false,
      outputs: width,
      averaged: 'sigmoid',
      predict: sigmoids(width),
      config: {
        num_labels: width,
        id2label: Object.fromEntries(labels.map((name, label) => [String(label), name])),
        label2id: Object.fromEntries(labels.map((name, label) => [name, label])),
        problem_type: 'multi_label_classification',
      },
    },
    metrics,
    metric: (name) => namedLabelMetric(name, width),
    watchInstead: 'such as val/roc_auc_micro, val/f1_micro or val/loss; roc_auc is no number where a label is the same in all rows.',
    usualMetric: 'roc_auc',
    unmeasured(metric) {
      if (namedLabelMetric(metric, width) !== undefined) return undefined;
      return { reason: 'is not measured for labels', instead: INSTEAD.get(metric) ?? 'roc_auc' };
    },
    undefinedMetrics: (watched, divided) => undefinedLabelMetrics(watched, divided, labels),
    strata: labelStrata,
    conflicts: (all, conflicting, settling) => labelConflicts(all, conflicting, settling),
    findings: (inspected) => labelFindings(labels, inspected),
    columns: labelColumns(labels),
    submissionValues: (predictions, columns, asked) => labelValues(of, predictions, columns, asked),
    value: (what, predictions) => labelValue(of, what, predictions),
    values: 'prediction, the labels with a probability above one half, and probability:<label>',
    objects: (predictions) => (row) => {
      const own = probabilitiesOf(predictions, row);
      return {
        prediction: labels.filter((_, label) => isPredicted(valueAt(own, label))),
        probabilities: Object.fromEntries(labels.map((name, label) => [name, valueAt(own, label)])),
      };
    },
    linear: { kind: 'labels' },
    baseline: (targets, rows) => labelShares(targets, rows),
    right: (targets, predictions) => Uint8Array.from(rowNumbers(targets), (row) => (isRight(targets, predictions, row) ? 1 : 0)),
    report: (run) => labelReport(labels, run),
    constantPredictions(predictions) {
      const sets = new Set(rowNumbers({ ...predictions, values: predictions.numbers }).map((row) => calledIn(predictions, row)));
      return sets.size === 1 ? 'gives every validation row the same labels' : undefined;
    },
  };
}

/** A label that is not known weighs nothing; the loss is the mean over those that are. */
const knownLabels: TargetWeights = {
  of: 'elements',
  weigh(target, into) {
    target.forEach((value, label) => (into[label] = Number.isNaN(value) ? 0 : 1));
    return into.reduce((sum, weight) => sum + weight, 0);
  },
};

/** Metrics of other tasks, and the nearest that labels have. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['accuracy', 'subset_accuracy'],
  ['balanced_accuracy', 'recall_macro'],
  ['f1', 'f1_macro'],
  ['rmse', 'brier'],
]);

function sigmoids(width: number): (logits: Float32Array) => Predictions {
  return (logits) => ({ width, numbers: Float64Array.from(logits, (x) => 1 / (1 + Math.exp(-x))) });
}

function rowNumbers({ width, values }: Targets): readonly number[] {
  return Array.from({ length: values.length / width }, (_, row) => row);
}

function probabilitiesOf({ width, numbers }: Predictions, row: number): Float64Array {
  return numbers.subarray(row * width, (row + 1) * width);
}

function calledIn(predictions: Predictions, row: number): string {
  return Array.from(probabilitiesOf(predictions, row), (p) => (isPredicted(p) ? '1' : '0')).join('');
}

/** Whether every label that is known is predicted rightly. */
function isRight(targets: Targets, predictions: Predictions, row: number): boolean {
  const own = probabilitiesOf(predictions, row);
  return targetOf(targets, row).every((value, label) => Number.isNaN(value) || isPredicted(valueAt(own, label)) === (value === 1));
}

/** For every row the share of the known rows that have each label. */
function labelShares(targets: Targets, rows: number): Predictions {
  const shares = labelSizes(targets).map(({ positive, negative }) => positive / (positive + negative));
  const numbers = Float64Array.from({ length: rows * shares.length }, (_, i) => valueAt(shares, i % shares.length));
  return { width: shares.length, numbers };
}

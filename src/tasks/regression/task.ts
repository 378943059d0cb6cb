import { valueAt } from '../../core/values.ts';
import type { Targets } from '../../data/examples/index.ts';
import { binaryCrossEntropy, lossOfLogits, meanSquaredError, type Loss } from '../../engine/models/index.ts';
import { logit } from '../loss-measured.ts';
import type { Predictions } from '../predictions.ts';
import type { Metric, TargetWeights, Task } from '../task.ts';
import { numberColumns } from './columns.ts';
import { conflictFindings, numberFindings } from './findings.ts';
import { numberLoss } from './loss.ts';
import { numberMetrics } from './metrics.ts';
import { undefinedNumberMetrics } from './monitors.ts';
import { numberReport } from './report/index.ts';
import type { Scale } from './scale.ts';
import { numberStrata } from './strata.ts';
import { numberValue, numberValues } from './submission.ts';

/** What numbers are learned. */
export interface RegressionOptions extends Scale {
  /** Names of the columns, in the order of the outputs. */
  readonly columns: readonly string[];
  /** Present where some numbers of a row are known and others are not. */
  readonly partial?: boolean;
  /** Present where an output is the logit of a number between 0 and 1; mean and deviation have no part in it then. */
  readonly bounded?: boolean;
}

/**
 * A number for each row, or several: targets [rows, columns] in their own unit, NaN where one is not known. The model has an output for
 * each column, z = (y − mean) / sd with the mean and deviation of the training table; predictions are y.
 *
 * @param loss what `numberLoss` chose; the usual one where it is left out
 */
export function regression(options: RegressionOptions, loss = usualLoss(options)): Task {
  const { columns, mean, sd, partial = false, bounded = false } = options;
  const width = columns.length;
  const inUnit = (logits: Float32Array): Predictions => ({
    width,
    numbers: Float64Array.from(logits, (z, i) =>
      bounded ? 1 / (1 + Math.exp(-z)) : valueAt(mean, i % width) + valueAt(sd, i % width) * z,
    ),
  });
  const metrics = [lossMetric(loss, options), ...numberMetrics(width)];
  return {
    description: { task: 'regression', columns, mean, sd, ...(partial ? { partial } : {}), ...(bounded ? { bounded } : {}) },
    summary: width === 1 ? 'one number' : `${width} numbers`,
    words: { one: 'number', many: 'numbers' },
    names: columns,
    outputs: width,
    loss,
    withLoss(asked, targets) {
      const found = numberLoss(columns, asked, targets);
      return 'problems' in found ? found : regression({ columns, mean, sd, partial, bounded: found.bounded }, found.loss);
    },
    encode(target, into) {
      for (let k = 0; k < width; k++) if (!Number.isNaN(target[k])) into[k] = bounded ? target[k]! : (target[k]! - mean[k]!) / sd[k]!;
    },
    ...(partial ? { weights: ofKnown } : {}),
    predict: inUnit,
    published: {
      asPair: false,
      outputs: width,
      ...(bounded ? {} : { scale: { mean, sd } }),
      averaged: bounded ? 'sigmoid' : 'number',
      predict: bounded ? inUnit : (logits) => ({ width, numbers: Float64Array.from(logits) }),
      config: {
        num_labels: width,
        id2label: Object.fromEntries(columns.map((name, k) => [String(k), name])),
        label2id: Object.fromEntries(columns.map((name, k) => [name, k])),
        // Tools take a sigmoid of the outputs of such a model, and none of those of a regression.
        problem_type: bounded ? 'multi_label_classification' : 'regression',
      },
    },
    metrics,
    metric: (name) => metrics.find((metric) => metric.name === name),
    watchInstead: `such as val/${width === 1 ? 'rmse' : 'mcrmse'} or val/loss; a correlation is no number where all numbers are the same.`,
    usualMetric: width === 1 ? 'rmse' : 'mcrmse',
    unmeasured(metric) {
      if (metrics.some(({ name }) => name === metric)) return undefined;
      return metric === 'mcrmse'
        ? { reason: 'is measured for several target columns only', instead: 'rmse' }
        : { reason: 'is not measured for numbers', instead: width === 1 ? 'rmse' : 'mcrmse' };
    },
    undefinedMetrics: (watched, divided) => undefinedNumberMetrics(columns, watched, divided),
    strata: (targets, bins) => numberStrata(targets, bins),
    conflicts: (all, groups) => conflictFindings(all.texts, groups),
    findings: (inspected) => numberFindings(columns, { mean, sd }, inspected),
    columns: numberColumns(columns),
    isContinuous: true,
    submissionValues: (predictions, asked) => numberValues(columns, predictions, asked),
    value: (what, predictions) => numberValue(columns, what, predictions),
    values: `${columns.length === 1 ? 'prediction and ' : ''}the target columns by their names`,
    objects: ({ numbers }) => (row) => ({
      prediction:
        width === 1
          ? valueAt(numbers, row)
          : Object.fromEntries(columns.map((name, k) => [name, valueAt(numbers, row * width + k)])),
    }),
    linear: { kind: 'numbers' },
    baseline: (_, rows) => ({ width, numbers: Float64Array.from({ length: rows * width }, (__, i) => valueAt(mean, i % width)) }),
    right: (targets, predictions) => closeness(targets, predictions, sd),
    report: (run) => numberReport(columns, { mean, sd }, run),
    constantPredictions({ numbers }) {
      const alike = columns.filter((_, k) => spreadOf(numbers, width, k) <= SAME_NUMBER * valueAt(sd, k));
      if (alike.length === 0) return undefined;
      return width === 1 ? 'gives every validation row the same number' : `gives every validation row the same ${alike.join(' and ')}`;
    },
  };
}

/** A number that is not known has no part in the loss. */
const ofKnown: TargetWeights = {
  of: 'elements',
  weigh(target, into) {
    let known = 0;
    target.forEach((value, k) => {
      into[k] = Number.isNaN(value) ? 0 : 1;
      known += into[k];
    });
    return known;
  },
};

function usualLoss({ bounded = false }: RegressionOptions): Loss {
  return bounded ? binaryCrossEntropy : meanSquaredError;
}

/** Predictions that differ by less than this share of the targets' deviation differ by rounding. */
const SAME_NUMBER = 1e-4;

/** The training loss of predictions in their unit, over the numbers that are known. */
function lossMetric(loss: Loss, { mean, sd, bounded = false }: RegressionOptions): Metric {
  const width = mean.length;
  const scaled = (values: Float64Array): Float64Array =>
    bounded ? values : values.map((value, i) => (value - valueAt(mean, i % width)) / valueAt(sd, i % width));
  const outputs = (numbers: Float64Array): Float64Array => (bounded ? numbers.map(logit) : scaled(numbers));
  return {
    name: 'loss',
    better: 'low',
    of({ values }, { numbers }) {
      const z = outputs(numbers);
      const y = scaled(values).map((value) => (Number.isNaN(value) ? 0 : value));
      const known = values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
      const weights = values.map((value) => (Number.isNaN(value) ? 0 : 1 / known));
      const ofRow = (of: Float64Array) => (row: number) => of.subarray(row * width, (row + 1) * width);
      return lossOfLogits(loss, z, width, ofRow(y), known === values.length ? undefined : ofRow(weights));
    },
  };
}

/** Of each row the mean distance from its numbers in their deviations, with a minus: the nearest row has the highest. */
function closeness({ width, values }: Targets, { numbers }: Predictions, sd: readonly number[]): Float32Array {
  return Float32Array.from({ length: values.length / width }, (_, row) => {
    const distances = Array.from({ length: width }, (__, k) => {
      return Math.abs(valueAt(values, row * width + k) - valueAt(numbers, row * width + k)) / valueAt(sd, k);
    }).filter((distance) => !Number.isNaN(distance));
    return -distances.reduce((sum, distance) => sum + distance, 0) / Math.max(1, distances.length);
  });
}

function spreadOf(numbers: Float64Array, width: number, column: number): number {
  let [low, high] = [Infinity, -Infinity];
  for (let i = column; i < numbers.length; i += width) [low, high] = [Math.min(low, numbers[i]!), Math.max(high, numbers[i]!)];
  return high - low;
}

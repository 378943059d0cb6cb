import { valueAt } from '../../core/values.ts';
import type { Targets } from '../../data/examples/index.ts';
import { binaryCrossEntropy, crossEntropy } from '../../engine/models/index.ts';
import { logit, logOf, measuredByLoss } from '../loss-measured.ts';
import type { Predictions } from '../predictions.ts';
import { classStrata } from '../strata.ts';
import type { LossOptions, PublishedModel, Refused, Task } from '../task.ts';
import { classColumns, decided } from './columns.ts';
import { classSizes } from '../metrics/confusion.ts';
import { classFindings, conflictFindings } from './findings/index.ts';
import { CLASS_WORDS, labelsOf } from './labels.ts';
import { classLoss, type Shares } from './loss.ts';
import { classMetric, classMetrics } from './metrics.ts';
import { undefinedClassMetrics } from './monitors.ts';
import { classReport } from './report/index.ts';
import { choiceNotice, classValue, classValues } from './submission.ts';

/**
 * One of several classes for each row. Targets are class numbers, [rows, 1]. Of two classes the model has one output x, whose
 * sigmoid is the second one's probability: predictions are [rows, 1]. Of more it has an output each, whose softmax are their
 * probabilities: [rows, classes].
 *
 * @param classes as the table writes them, in the order of their numbers
 */
export function classification(classes: readonly string[]): Task {
  const isBinary = classes.length === 2;
  const outputs = isBinary ? 1 : classes.length;
  const predict = isBinary ? sigmoids : (logits: Float32Array): Predictions => softmaxes(logits, classes.length);
  const metrics = classMetrics(classes.length);
  return {
    description: { classes },
    summary: `${classes.length} classes`,
    words: CLASS_WORDS,
    names: classes,
    outputs,
    loss: isBinary ? binaryCrossEntropy : crossEntropy,
    encode([label], into) {
      if (isBinary) into[0] = label!;
      else into[label!] = 1;
    },
    withLoss: (options, targets) => trainedBy(classification(classes), classes, options, targets, allOfOne(classes.length)),
    predict,
    published: published(classes),
    metrics,
    metric: (name) => classMetric(name, classes.length),
    watchInstead: 'such as val/f1_macro or val/loss; a metric is no number where rows of a class are missing.',
    usualMetric: 'f1_macro',
    unmeasured(metric) {
      if (classMetric(metric, classes.length) !== undefined) return undefined;
      return metric === 'f1'
        ? { reason: `is measured for two classes only; the training rows have ${classes.length}`, instead: 'f1_macro' }
        : { reason: `is not measured for ${classes.length} classes`, instead: 'f1_macro' };
    },
    undefinedMetrics(watched, { targets, ...divided }) {
      return undefinedClassMetrics(watched, { ...divided, classes, labels: labelsOf(targets) });
    },
    strata: (targets) => classStrata(labelsOf(targets), classes),
    conflicts: (all, conflicting, settling) => conflictFindings(all.texts, conflicting, settling),
    findings: (inspected) => classFindings(classes, inspected),
    columns: classColumns(classes),
    submissionValues: (predictions, columns, asked) => classValues(classes, predictions, columns, asked),
    value: (what, predictions) => classValue(classes, what, predictions),
    values: `prediction, ${isBinary ? 'probability, that of the second class, ' : ''}and probability:<class>`,
    choiceNotice: (columns) => choiceNotice(classes, columns),
    objects: (predictions) => {
      const labels = decided(predictions, classes);
      return (row) => ({ prediction: valueAt(classes, valueAt(labels, row)), probabilities: byClass(classes, predictions, row) });
    },
    linear: { kind: 'classes', count: classes.length },
    baseline: (targets, rows) => classShares(labelsOf(targets), classes.length, rows),
    right: (targets, predictions) => {
      const labels = decided(predictions, classes);
      return Uint8Array.from(labelsOf(targets), (label, row) => (label === labels[row] ? 1 : 0));
    },
    report: (run) => classReport(classes, run),
    constantPredictions(predictions) {
      const isOne = new Set(decided(predictions, classes)).size === 1;
      return isOne ? 'gives every validation row the same class' : undefined;
    },
  };
}

/** Of a class number, all of that class. */
function allOfOne(classes: number): Shares {
  const shares = new Float64Array(classes);
  return ([label]) => {
    shares.fill(0)[label!] = 1;
    return shares;
  };
}

/** The task by another loss; `sharesOf` says what its targets say of the classes. */
export function trainedBy(
  task: Task,
  classes: readonly string[],
  options: LossOptions,
  targets: Targets,
  sharesOf: Shares,
): Task | Refused {
  const trained = classLoss(classes, sharesOf, options, targets);
  return 'problems' in trained ? trained : measuredByLoss({ ...task, ...trained }, logitsOf);
}

/** Logits that give these probabilities. */
function logitsOf({ width, numbers }: Predictions): Float64Array {
  return numbers.map(width === 1 ? logit : logOf);
}

/** Every tool takes a softmax over named classes, of two classes too. */
function published(classes: readonly string[]): PublishedModel {
  const isBinary = classes.length === 2;
  return {
    asPair: isBinary,
    outputs: classes.length,
    averaged: 'softmax',
    predict(logits) {
      const { width, numbers } = softmaxes(logits, classes.length);
      return isBinary ? { width: 1, numbers: numbers.filter((_, i) => i % 2 === 1) } : { width, numbers };
    },
    config: {
      num_labels: classes.length,
      id2label: Object.fromEntries(classes.map((name, label) => [String(label), name])),
      label2id: Object.fromEntries(classes.map((name, label) => [name, label])),
      problem_type: 'single_label_classification',
    },
  };
}

/** The share of each class, for every row. */
function classShares(labels: Int32Array, classes: number, rows: number): Predictions {
  const shares = Array.from(classSizes(labels, classes), (size) => size / labels.length);
  const own = classes === 2 ? shares.slice(1) : shares;
  return { width: own.length, numbers: Float64Array.from({ length: rows * own.length }, (_, i) => valueAt(own, i % own.length)) };
}

function sigmoids(logits: Float32Array): Predictions {
  return { width: 1, numbers: Float64Array.from(logits, (x) => 1 / (1 + Math.exp(-x))) };
}

function softmaxes(logits: Float32Array, width: number): Predictions {
  const numbers = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += width) {
    const row = logits.subarray(start, start + width);
    const top = Math.max(...row);
    let sum = 0;
    for (const x of row) sum += Math.exp(x - top);
    row.forEach((x, k) => {
      numbers[start + k] = Math.exp(x - top) / sum;
    });
  }
  return { width, numbers };
}

function byClass(classes: readonly string[], { width, numbers }: Predictions, row: number): Readonly<Record<string, number>> {
  const own = numbers.subarray(row * width, (row + 1) * width);
  const all = classes.length === 2 ? [1 - valueAt(own, 0), valueAt(own, 0)] : own;
  return Object.fromEntries(classes.map((name, label) => [name, valueAt(all, label)]));
}

import { valueAt } from '../../core/values.ts';
import { cumulativeLink, rankCrossEntropy } from '../../engine/models/index.ts';
import type { Predictions } from '../predictions.ts';
import { classStrata } from '../strata.ts';
import type { Task } from '../task.ts';
import { gradeColumns } from './columns.ts';
import { gradeConflicts, gradeFindings } from './findings.ts';
import { gradesOf, gradesOfLogits, gradeValues, probabilitiesOf, ranksOf, scoresOf, type Grades } from './grades.ts';
import { namedGradeMetric, usualGradeMetrics } from './metrics.ts';
import { undefinedGradeMetrics } from './monitors.ts';
import { gradeReport } from './report/index.ts';
import { gradesSubmitted, gradeValue } from './submission.ts';

/**
 * One of several grades in order for each row. Targets are ranks from 0, [rows, 1]. The model has an output for each threshold between two
 * grades, all of one score; predictions are the grades' probabilities and the expected grade: [rows, grades + 1].
 */
export function ordinal(of: Grades): Task {
  const { grades, counts, link } = of;
  const outputs = grades.length - 1;
  const values = gradeValues(grades);
  const predict = (logits: Float32Array): Predictions => gradesOfLogits(logits, values);
  return {
    description: { task: 'ordinal', grades, counts, ...(link === 'coral' ? {} : { link }) },
    summary: `${grades.length} grades`,
    words: { one: 'grade', many: 'grades' },
    names: grades,
    outputs,
    loss: link === 'coral' ? rankCrossEntropy : cumulativeLink,
    ranks: { link, start: startOf(counts) },
    encode([rank], into) {
      into.fill(1, 0, rank);
    },
    predict,
    published: {
      asPair: false,
      outputs,
      averaged: 'sigmoid',
      predict,
      config: {
        num_labels: outputs,
        id2label: Object.fromEntries(grades.slice(0, -1).map((name, k) => [String(k), `>${name}`])),
        label2id: Object.fromEntries(grades.slice(0, -1).map((name, k) => [`>${name}`, k])),
        problem_type: 'multi_label_classification',
      },
    },
    metrics: usualGradeMetrics(of),
    metric: (name) => namedGradeMetric(name, of),
    watchInstead: 'such as val/mae or val/loss; agreement has no value where all rows have, and are given, one grade.',
    usualMetric: 'qwk',
    unmeasured(metric) {
      if (namedGradeMetric(metric, of) !== undefined) return undefined;
      return { reason: 'is not measured for grades', instead: metric === 'f1' ? 'f1_macro' : 'qwk' };
    },
    undefinedMetrics: (watched, divided) => undefinedGradeMetrics(watched, divided, grades),
    strata: ({ values: ranks }) => classStrata(Int32Array.from(ranks), grades, { noun: 'grade' }),
    conflicts: (all, conflicting, settling) => gradeConflicts(all.texts, conflicting, settling),
    findings: (inspected) => gradeFindings(grades, inspected),
    columns: gradeColumns(grades),
    submissionValues: (predictions, columns) => gradesSubmitted(grades, predictions, columns),
    value: (what, predictions) => gradeValue(grades, what, predictions),
    values: 'prediction, score, the expected grade, and probability:<grade>',
    objects: (predictions) => {
      const [ranks, scores, probabilities] = [ranksOf(predictions), scoresOf(predictions), probabilitiesOf(predictions)];
      return (row) => ({
        prediction: valueAt(grades, valueAt(ranks, row)),
        score: valueAt(scores, row),
        probabilities: Object.fromEntries(grades.map((name, k) => [name, valueAt(probabilities, row * grades.length + k)])),
      });
    },
    linear: { kind: 'ranks', count: grades.length },
    ofLinear: (passed) => gradesOf(passed, values),
    baseline: (targets, rows) => gradeShares(targets.values, values, rows),
    right: (targets, predictions) => {
      const ranks = ranksOf(predictions);
      return Uint8Array.from(targets.values, (rank, row) => (rank === ranks[row] ? 1 : 0));
    },
    report: (run) => gradeReport(grades, run),
    constantPredictions: (predictions) =>
      new Set(ranksOf(predictions)).size === 1 ? 'gives every validation row the same grade' : undefined,
  };
}

/**
 * The logits of passing each threshold that the training table's grades have by themselves, with one more row of each grade, so that none
 * is certain. The learning rates of fine-tuning would take the thresholds there only after many thousands of steps.
 */
function startOf(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count + 1, 0);
  let above = total;
  return counts.slice(0, -1).map((count) => {
    above -= count + 1;
    return Math.log(above / (total - above));
  });
}

/** For every row the share of each grade and the mean, so that the median is predicted. */
function gradeShares(ranks: Float64Array, values: readonly number[], rows: number): Predictions {
  const shares = new Float64Array(values.length);
  for (const rank of ranks) shares[rank]! += 1 / ranks.length;
  const mean = shares.reduce((sum, share, rank) => sum + share * valueAt(values, rank), 0);
  const own = [...shares, mean];
  return { width: own.length, numbers: Float64Array.from({ length: rows * own.length }, (_, i) => valueAt(own, i % own.length)) };
}

import { expect, it } from 'vitest';
import { weightedKappa } from '../../../src/tasks/metrics/agreement.ts';
import { accuracy, cohenKappa, confusionCells, confusionOf, matthews } from '../../../src/tasks/metrics/confusion.ts';
import * as labelScores from '../../../src/tasks/metrics/labels.ts';
import { mae, meanOfColumns, pearson, r2, rmse, scoreOfColumns, spearman } from '../../../src/tasks/metrics/numbers.ts';
import { brierScore, expectedCalibrationError, logLoss, mapAt, topAccuracy } from '../../../src/tasks/metrics/probabilities.ts';
import { averagePrecision, rocAuc } from '../../../src/tasks/metrics/ranking.ts';
import { describeShared, sharedJson } from '../../helpers/shared.ts';

/** A score, or one a column or label. */
type Scores = Readonly<Record<string, number | readonly number[] | readonly (readonly number[])[]>>;

interface Case {
  readonly name: string;
  readonly type: 'binary' | 'classes' | 'multilabel' | 'ordinal' | 'regression' | 'regression_columns';
  readonly classes: number;
  readonly labels: number;
  readonly y_true: readonly number[] | readonly (readonly number[])[];
  readonly y_score: readonly number[] | readonly (readonly number[])[];
  readonly y_pred: readonly number[] | readonly (readonly number[])[];
  readonly y_proba: readonly (readonly number[])[];
  readonly sample_weight?: readonly number[];
  readonly expected: Readonly<Record<string, unknown>>;
}

const flat = (values: Case['y_true']): Float64Array => Float64Array.from((values as readonly number[]).flat());
const widthOf = (values: Case['y_true']): number => (values as readonly (readonly number[])[])[0]!.length;

const scoresOf: Readonly<Record<Case['type'], (given: Case) => Scores>> = {
  binary({ y_true, y_score }) {
    const [truth, scores] = [flat(y_true), flat(y_score)];
    const predicted = Int32Array.from(scores, (score) => (score > 0.5 ? 1 : 0));
    const confidence = Float64Array.from(scores, (score) => Math.max(score, 1 - score));
    return {
      log_loss: logLoss(truth, scores, 2),
      average_precision: averagePrecision(truth, scores),
      roc_auc: rocAuc(truth, scores),
      mcc: matthews(confusionOf(Int32Array.from(truth), predicted, 2)),
      brier: brierScore(truth, scores, 2),
      ece: expectedCalibrationError(truth, scores, 2),
      ece_confidence: expectedCalibrationError(truth.map((label, row) => (label === predicted[row] ? 1 : 0)), confidence, 2),
    };
  },
  classes({ y_true, y_proba, classes }) {
    const [truth, probabilities] = [Int32Array.from(flat(y_true)), flat(y_proba)];
    const predicted = Int32Array.from(y_proba, (row) => row.indexOf(Math.max(...row)));
    const top = (k: number): number => topAccuracy(truth, probabilities, classes, k);
    const map = (k: number): number => mapAt(truth, probabilities, classes, k);
    return {
      ...{ 'map@1': map(1), 'map@3': map(3), 'map@5': map(5), mrr: map(classes), top1: top(1), top2: top(2), top3: top(3) },
      log_loss: logLoss(truth, probabilities, classes),
      mcc: matthews(confusionOf(truth, predicted, classes)),
      brier: brierScore(truth, probabilities, classes),
      ece: expectedCalibrationError(truth, probabilities, classes),
    };
  },
  ordinal({ y_true, y_pred, classes }) {
    const [truth, predicted] = [Int32Array.from(flat(y_true)), Int32Array.from(flat(y_pred))];
    const confusion = confusionOf(truth, predicted, classes);
    const matrix = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
    for (const cell of confusionCells(truth, predicted, classes)) matrix[cell.truth]![cell.prediction] = cell.rows;
    return {
      qwk: weightedKappa(truth, predicted, classes, 'quadratic'),
      linear_kappa: weightedKappa(truth, predicted, classes, 'linear'),
      kappa: cohenKappa(confusion),
      accuracy: accuracy(confusion),
      mae: mae(truth, predicted),
      confusion_matrix: matrix,
    };
  },
  regression({ y_true, y_pred, sample_weight: weights }) {
    const [truth, predicted] = [flat(y_true), flat(y_pred)];
    return {
      pearson: pearson(truth, predicted),
      spearman: spearman(truth, predicted),
      rmse: rmse(truth, predicted, weights),
      mse: rmse(truth, predicted, weights) ** 2,
      mae: mae(truth, predicted, weights),
      r2: r2(truth, predicted, weights),
    };
  },
  regression_columns({ y_true, y_pred }) {
    const [truth, predicted, width] = [flat(y_true), flat(y_pred), widthOf(y_true)];
    return {
      mcrmse: meanOfColumns(rmse, truth, predicted, width),
      rmse_per_column: scoreOfColumns(rmse, truth, predicted, width),
      mae: mae(truth, predicted),
      r2_mean: meanOfColumns(r2, truth, predicted, width),
      pearson_mean: meanOfColumns(pearson, truth, predicted, width),
      spearman_mean: meanOfColumns(spearman, truth, predicted, width),
    };
  },
  multilabel({ y_true, y_score, labels }) {
    const rows = { truth: flat(y_true), scores: flat(y_score), labels };
    const averages = (['micro', 'macro', 'weighted', 'samples'] as const).flatMap((averaging) =>
      Object.entries(labelScores.averagedScores(rows, averaging)).map(([name, score]) => [`${name}_${averaging}`, score] as const),
    );
    const [areas, precisions] = [rocAuc, averagePrecision].map((score) => labelScores.rankingOfLabels(score, rows));
    const defined = areas!.filter((area) => !Number.isNaN(area));
    return {
      ...Object.fromEntries(averages),
      f1_per_label: labelScores.countsOfLabels(rows).map((counts) => labelScores.scoresOf(counts).f1),
      hamming_loss: labelScores.hammingLoss(rows),
      subset_accuracy: labelScores.subsetAccuracy(rows),
      roc_auc_per_label: areas!,
      average_precision_per_label: precisions!,
      roc_auc_macro: labelScores.rocAucMacro(rows),
      roc_auc_macro_defined: defined.reduce((sum, area) => sum + area, 0) / defined.length,
      roc_auc_micro: labelScores.rocAucMicro(rows),
      average_precision_macro: labelScores.averagePrecisionMacro(rows),
      average_precision_micro: averagePrecision(rows.truth, rows.scores),
      log_loss_mean: labelScores.labelLogLoss(rows),
    };
  },
};

/** Its file holds the truth of `multilabel-label-always-true`; the scores are those of a label 1 that is nowhere true. */
function asMeasured(given: Case): Case {
  if (given.name !== 'multilabel-label-never-true') return given;
  const rows = given.y_true as readonly (readonly number[])[];
  return { ...given, y_true: rows.map((row) => row.map((cell, label) => (label === 1 ? 0 : cell))) };
}

describeShared('every metric against scikit-learn and scipy', ['oracles2', 'metrics'], () => {
  const cases = sharedJson<readonly Case[]>('oracles2', 'metrics', 'metrics.json');

  it('has all cases', () => {
    expect(cases).toHaveLength(62);
  });

  for (const given of cases) {
    it(given.name, () => {
      const tolerance = given.name === 'regression-large-offset' ? 1e-6 : 1e-9;
      const scores = scoresOf[given.type](asMeasured(given));
      expect(Object.keys(scores).sort()).toEqual(Object.keys(given.expected).sort());
      for (const [name, expected] of Object.entries(given.expected)) {
        const [found, wanted] = [[scores[name]!].flat(3) as number[], [expected].flat(3) as (number | null)[]];
        expect(found, name).toHaveLength(wanted.length);
        // The reference's null is our NaN.
        found.forEach((score, i) =>
          wanted[i] === null
            ? expect(score, name).toBeNaN()
            : expect(Math.abs(score - wanted[i]!), `${name}: ${score} for ${wanted[i]}`).toBeLessThanOrEqual(tolerance),
        );
      }
    });
  }
});

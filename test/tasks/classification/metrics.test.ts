import { describe, expect, it } from 'vitest';
import { RandomState } from '../../../src/core/random.ts';
import { accuracy, balancedAccuracy, classScores, cohenKappa, confusionCells, confusionOf, macroScores, matthews, weightedF1 } from '../../../src/tasks/metrics/confusion.ts';
import { classMetric, predictedLabels } from '../../../src/tasks/classification/metrics.ts';
import { brierScore, logLoss } from '../../../src/tasks/metrics/probabilities.ts';
import { averagePrecision, oneAgainstRest, rocAuc, rocAucOfEach } from '../../../src/tasks/metrics/ranking.ts';
import { describeShared, sharedJson } from '../../helpers/shared.ts';
import { classTargets } from '../../../src/tasks/classification/labels.ts';
import { measured } from '../../../src/tasks/index.ts';
import { classification } from '../../../src/tasks/classification/task.ts';

const names = (classes: number): readonly string[] => Array.from({ length: classes }, (_, k) => String(k));

/** All metrics of probabilities but the loss: of the second of two classes, or of every class, row-major. */
function classificationMetrics(labels: Int32Array, probabilities: ArrayLike<number>, classes: number): Readonly<Record<string, number>> {
  const { loss: _loss, ...metrics } = measured(classification(names(classes)), classTargets(labels), {
    width: classes === 2 ? 1 : classes,
    numbers: Float64Array.from(probabilities),
  });
  return metrics;
}

describe('predictedLabels', () => {
  it('rounds half to even for two classes, so that 0.5 is class 0', () => {
    expect([...predictedLabels([0, 0.5, 0.5000001, 1, 0.49], 2)]).toEqual([0, 0, 1, 1, 0]);
  });

  it('takes the first maximum of more', () => {
    expect([...predictedLabels([0.2, 0.4, 0.4, 0.3, 0.3, 0.4, 0, 0, 0], 3)]).toEqual([1, 2, 0]);
  });
});

describe('classificationMetrics', () => {
  it('is worked out by hand for four rows', () => {
    // Predictions 0, 1, 1, 1 for the truth 0, 0, 1, 1: one false positive.
    const metrics = classificationMetrics(Int32Array.of(0, 0, 1, 1), [0.1, 0.7, 0.6, 0.9], 2);
    expect(Object.keys(metrics)).toEqual(['accuracy', 'precision_macro', 'recall_macro', 'f1_macro', 'f1', 'roc_auc']);
    expect(metrics['accuracy']).toBe(3 / 4);
    expect(metrics['precision_macro']).toBeCloseTo((1 + 2 / 3) / 2, 14);
    expect(metrics['recall_macro']).toBeCloseTo((1 / 2 + 1) / 2, 14);
    expect(metrics['f1']).toBeCloseTo(4 / 5, 14);
    expect(metrics['f1_macro']).toBeCloseTo((2 / 3 + 4 / 5) / 2, 14);
    expect(metrics['roc_auc']).toBe(3 / 4);
  });

  it('has no f1 of a positive class for more than two classes', () => {
    const metrics = classificationMetrics(Int32Array.of(0, 1, 2), [1, 0, 0, 0, 1, 0, 0, 0, 1], 3);
    expect(metrics).toEqual({ accuracy: 1, precision_macro: 1, recall_macro: 1, f1_macro: 1, roc_auc: 1 });
  });

  it('is NaN where it is undefined', () => {
    expect(classificationMetrics(Int32Array.of(1, 1), [0.2, 0.9], 2)['roc_auc']).toBeNaN();
    expect(classificationMetrics(Int32Array.of(0, 1), [1, 0, 0, 0, 1, 0], 3)['roc_auc']).toBeNaN();
  });
});

describe('metrics that are measured where somebody names them', () => {
  // scikit-learn 1.9.1 of these very rows; the scores of the most probable classes by hand.
  const cases = [
    {
      classes: 2,
      labels: [0, 0, 1, 1, 1, 0],
      probabilities: [0.1, 0.7, 0.6, 0.9, 0.3, 0.3],
      expected: {
        ...{ balanced_accuracy: 2 / 3, f1_micro: 2 / 3, f1_weighted: 2 / 3, average_precision: 0.7555555555555555 },
        ...{ mcc: 1 / 3, kappa: 1 / 3, log_loss: 0.5810278679453746, brier: 0.20833333333333334, top_1_accuracy: 2 / 3, map_at_2: 5 / 6 },
      },
    },
    {
      classes: 3,
      labels: [0, 2, 1, 2, 0],
      probabilities: [0.6, 0.3, 0.1, 0.1, 0.5, 0.4, 0.2, 0.7, 0.1, 0.2, 0.2, 0.6, 0.3, 0.3, 0.4],
      expected: {
        ...{ balanced_accuracy: 2 / 3, f1_micro: 0.6, f1_weighted: 0.6, average_precision: 0.9444444444444443 },
        ...{ mcc: 0.4375, kappa: 0.41176470588235303, log_loss: 0.6997179455341609, brier: 0.4, top_2_accuracy: 1, map_at_2: 0.8 },
      },
    },
  ] as const;

  for (const { classes, labels, probabilities, expected } of cases) {
    it(`are those of scikit-learn for ${classes} classes, beside the usual ones and after them`, () => {
      const task = classification(names(classes));
      const predictions = { width: classes === 2 ? 1 : classes, numbers: Float64Array.from(probabilities) };
      const usual = measured(task, classTargets(labels), predictions);
      const found = measured(task, classTargets(labels), predictions, [...Object.keys(expected), 'accuracy', 'mcc', 'rmse']);
      expect(Object.keys(found)).toEqual([...Object.keys(usual), ...Object.keys(expected)]);
      for (const [name, value] of Object.entries(expected)) {
        expect(found[name], name).toBeCloseTo(value, 12);
        expect(task.metric(name)?.better, name).toBe(['log_loss', 'brier'].includes(name) ? 'low' : 'high');
        expect(task.unmeasured(name)).toBeUndefined();
      }
    });
  }

  it('are no names of other things', () => {
    for (const name of ['rmse', 'constructor', 'top_0_accuracy', 'map_at_x', 'top_3', 'qwk']) {
      expect(classMetric(name, 3), name).toBeUndefined();
      expect(classification(names(3)).unmeasured(name)?.instead).toBe('f1_macro');
    }
  });
});

describe('rocAuc', () => {
  it('is the share of pairs in the right order, ties counting half', () => {
    const rng = new RandomState(5);
    const positive = Array.from({ length: 60 }, () => rng.integer(0, 2));
    const scores = positive.map(() => rng.integer(0, 12) / 12);
    let [right, pairs] = [0, 0];
    positive.forEach((isPositive, i) =>
      positive.forEach((other, j) => {
        if (isPositive !== 1 || other !== 0) return;
        pairs += 1;
        right += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      }),
    );
    expect(rocAuc(positive, scores)).toBeCloseTo(right / pairs, 14);
  });
});

describe('rocAucOfEach', () => {
  it('is the area of each class against all others, from one order of the rows', () => {
    const rng = new RandomState(3);
    const labels = Int32Array.from({ length: 200 }, () => rng.integer(0, 5));
    const scores = Float64Array.from(labels, (label) => label + rng.integer(0, 6)); // with ties
    const each = Array.from({ length: 6 }, (_, k) => rocAuc(labels.map((label) => (label === k ? 1 : 0)), scores));
    expect([...rocAucOfEach(labels, scores, 6)]).toEqual(each);
    expect(each[5]).toBeNaN();
  });
});

describeShared('metrics against scikit-learn', ['oracles', 'metrics'], () => {
  type Averages = Readonly<Record<string, number>>;
  interface Case {
    readonly name: string;
    readonly type: 'binary' | 'multiclass';
    readonly classes?: number;
    readonly y_true: readonly number[];
    readonly y_score?: readonly number[];
    readonly y_proba?: readonly (readonly number[])[];
    readonly y_pred: readonly number[];
    readonly expected: Readonly<Record<string, unknown>> & {
      readonly per_class: Readonly<Record<string, readonly number[]>>;
      readonly union?: Averages;
      readonly all?: Averages;
    };
  }

  /** Within 1e-9; the reference's null is our NaN. */
  const close = (actual: number, expected: unknown, what: string): void => {
    if (expected === null) return expect(actual, what).toBeNaN();
    expect(expected, what).toBeTypeOf('number');
    expect(Math.abs(actual - (expected as number)), `${what}: ${actual} instead of ${String(expected)}`).toBeLessThanOrEqual(1e-9);
  };

  for (const { name, type, classes = 2, y_true, y_score, y_proba, y_pred, expected } of sharedJson<readonly Case[]>(
    'oracles',
    'metrics',
    'metrics.json',
  )) {
    it(`${type}, ${name}`, () => {
      // The last class of `class-nowhere` has no column: it gets probability 0.
      const probabilities = y_score ?? y_proba!.flatMap((row) => Array.from({ length: classes }, (_, k) => row[k] ?? 0));
      const labels = Int32Array.from(y_true);
      const predictions = predictedLabels(probabilities, classes);
      expect([...predictions]).toEqual(y_pred);

      const confusion = confusionOf(labels, predictions, classes);
      const matrix = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
      for (const cell of confusionCells(labels, predictions, classes)) matrix[cell.truth]![cell.prediction] = cell.rows;
      expect(matrix).toEqual(expected['confusion_matrix']);
      const scores = classScores(confusion);
      for (const key of ['precision', 'recall', 'f1', 'support'] as const)
        scores.forEach((score, k) => close(score[key], expected.per_class[key]![k], `${key} of class ${k}`));
      const averages = expected.union ?? (expected as unknown as Averages);
      for (const key of ['precision', 'recall', 'f1'] as const) {
        close(macroScores(confusion)[key], averages[`${key}_macro`], `${key}_macro`);
        // Where every row has one class and one prediction, the micro averages are the accuracy.
        close(accuracy(confusion), averages[`${key}_micro`], `${key}_micro`);
        if (key === 'f1') close(weightedF1(confusion), averages['f1_weighted'], 'f1_weighted');
        if (expected.all !== undefined)
          close(scores.reduce((sum, score) => sum + score[key], 0) / classes, expected.all[`${key}_macro`], `${key}_macro over all`);
      }

      const metrics = classificationMetrics(labels, probabilities, classes);
      for (const key of ['accuracy', 'precision_macro', 'recall_macro', 'f1_macro'])
        close(metrics[key]!, averages[key] ?? expected[key], key);
      close(metrics['roc_auc']!, expected[classes === 2 ? 'roc_auc' : 'roc_auc_ovr_macro'], 'roc_auc');
      if (classes === 2) close(metrics['f1']!, expected['f1_binary'], 'f1');

      const others: Readonly<Record<string, () => number>> = {
        brier: () => brierScore(labels, probabilities, classes),
        mcc: () => matthews(confusion),
        cohen_kappa: () => cohenKappa(confusion),
        balanced_accuracy: () => balancedAccuracy(confusion),
        average_precision: () => averagePrecision(labels, probabilities),
        average_precision_macro: () => oneAgainstRest(averagePrecision, labels, probabilities, classes, 'macro'),
        log_loss: () => logLoss(labels, probabilities, classes),
        roc_auc_ovr_weighted: () => oneAgainstRest(rocAuc, labels, probabilities, classes, 'weighted'),
      };
      // Metrics that nothing here computes are passed over.
      const covered = [
        'accuracy',
        'per_class',
        'confusion_matrix',
        'union',
        'all',
        'roc_auc',
        'roc_auc_ovr_macro',
        'class_weight_balanced',
      ];
      for (const [key, value] of Object.entries(expected)) {
        if (covered.includes(key) || /_(macro|micro|weighted|binary)$/.test(key) && !(key in others)) continue;
        expect(Object.keys(others), `the reference has ${key}`).toContain(key);
        close(others[key]!(), value, key);
      }
    });
  }
});

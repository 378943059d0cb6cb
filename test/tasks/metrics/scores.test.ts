import { describe, expect, it } from 'vitest';
import { weightedKappa } from '../../../src/tasks/metrics/agreement.ts';
import { balancedAccuracy, cohenKappa, confusionOf, matthews, weightedF1 } from '../../../src/tasks/metrics/confusion.ts';
import * as labels from '../../../src/tasks/metrics/labels.ts';
import { mae, meanOfColumns, pearson, r2, rmse, scoreOfColumns, spearman } from '../../../src/tasks/metrics/numbers.ts';
import { brierScore, expectedCalibrationError, logLoss, mapAt, topAccuracy } from '../../../src/tasks/metrics/probabilities.ts';
import { averagePrecision, oneAgainstRest } from '../../../src/tasks/metrics/ranking.ts';

/** Numbers are of the functions of sklearn.metrics (1.9.1) and scipy.stats (1.17.1) with these very inputs, where nothing else is said. */
const DIGITS = 13;

describe('scores of two classes', () => {
  const truth = Int32Array.of(0, 0, 1, 1, 1, 0);
  const scores = [0.1, 0.7, 0.6, 0.9, 0.3, 0.3];
  const confusion = confusionOf(truth, Int32Array.of(0, 1, 1, 1, 0, 0), 2);

  it('are those of scikit-learn', () => {
    expect(averagePrecision(truth, scores)).toBeCloseTo(0.7555555555555555, DIGITS);
    expect(matthews(confusion)).toBeCloseTo(1 / 3, DIGITS);
    expect(cohenKappa(confusion)).toBeCloseTo(1 / 3, DIGITS);
    expect(balancedAccuracy(confusion)).toBeCloseTo(2 / 3, DIGITS);
    expect(weightedF1(confusion)).toBeCloseTo(2 / 3, DIGITS);
    expect(brierScore(truth, scores, 2)).toBeCloseTo(0.20833333333333334, DIGITS);
    expect(logLoss(truth, scores, 2)).toBeCloseTo(0.5810278679453746, DIGITS);
  });

  it('hold the calibration against the second class, in bins that end with their upper edge', () => {
    // By hand: 0.2 is 3/15, the end of the third bin, which it shares with 0.15.
    expect(expectedCalibrationError([1, 0, 1], [0.2, 0.15, 0.9], 2)).toBeCloseTo((2 * Math.abs(0.5 - 0.175) + 0.1) / 3, DIGITS);
    expect(expectedCalibrationError([1], [1 + 2 ** -52], 2)).toBeCloseTo(0, DIGITS);
  });

  it('are 0 or NaN where there is nothing to tell apart', () => {
    const one = confusionOf(Int32Array.of(1, 1), Int32Array.of(1, 1), 2);
    expect([matthews(one), balancedAccuracy(one), weightedF1(one)]).toEqual([0, 1, 1]);
    expect(cohenKappa(one)).toBeNaN();
    expect(averagePrecision([0, 0], [0.1, 0.2])).toBeNaN();
  });
});

describe('scores of several classes', () => {
  const truth = Int32Array.of(0, 2, 1, 2, 0);
  const probabilities = [0.6, 0.3, 0.1, 0.1, 0.5, 0.4, 0.2, 0.7, 0.1, 0.2, 0.2, 0.6, 0.3, 0.3, 0.4];
  const confusion = confusionOf(truth, Int32Array.of(0, 1, 1, 2, 2), 3);

  it('are those of scikit-learn', () => {
    expect(matthews(confusion)).toBeCloseTo(0.4375, DIGITS);
    expect(cohenKappa(confusion)).toBeCloseTo(0.41176470588235303, DIGITS);
    expect(balancedAccuracy(confusion)).toBeCloseTo(2 / 3, DIGITS);
    expect(weightedF1(confusion)).toBeCloseTo(0.6, DIGITS);
    expect(brierScore(truth, probabilities, 3)).toBeCloseTo(0.4, DIGITS);
    expect(logLoss(truth, probabilities, 3)).toBeCloseTo(0.6997179455341609, DIGITS);
    expect(oneAgainstRest(averagePrecision, truth, probabilities, 3, 'macro')).toBeCloseTo(0.9444444444444443, DIGITS);
  });

  it('rank equal probabilities by the number of the class', () => {
    // By hand: the true classes stand in places 1, 2, 1, 1 and, beside an equal one of a higher number, 2.
    expect([1, 2, 3].map((k) => topAccuracy(truth, probabilities, 3, k))).toEqual([0.6, 1, 1]);
    expect([1, 3, 9].map((k) => mapAt(truth, probabilities, 3, k))).toEqual([0.6, 0.8, 0.8]);
    expect(topAccuracy([1, 1], [0.5, 0.4], 2, 1)).toBe(0);
  });
});

describe('weightedKappa', () => {
  it('is that of scikit-learn', () => {
    const [truth, predicted] = [[0, 1, 3, 3, 2, 1, 0, 2], [0, 2, 3, 1, 2, 1, 1, 3]];
    expect(weightedKappa(truth, predicted, 4, 'quadratic')).toBeCloseTo(0.6111111111111112, DIGITS);
    expect(weightedKappa(truth, predicted, 4, 'linear')).toBeCloseTo(0.4736842105263158, DIGITS);
  });

  it('is NaN of one and the same grade, and 0 where only one side is constant', () => {
    expect(weightedKappa([1, 1], [1, 1], 3, 'quadratic')).toBeNaN();
    expect(weightedKappa([0, 2, 1], [1, 1, 1], 3, 'quadratic')).toBeCloseTo(0, DIGITS);
  });
});

describe('scores of numbers', () => {
  const [truth, predicted] = [[2.5, 0, 2, 8, 2], [3, -0.5, 2, 7, 1]];

  it('are those of scikit-learn and scipy, whatever is added to the numbers', () => {
    for (const offset of [0, -(2 ** 20), 2 ** 40]) {
      const [y, of] = [truth.map((value) => value + offset), predicted.map((value) => value + offset)];
      expect(rmse(y, of)).toBeCloseTo(Math.SQRT1_2, DIGITS);
      expect(mae(y, of)).toBeCloseTo(0.6, DIGITS);
      expect(r2(y, of)).toBeCloseTo(0.930939226519337, DIGITS);
      expect(pearson(y, of)).toBeCloseTo(0.9769275905947142, DIGITS);
      expect(spearman(y, of)).toBeCloseTo(0.9746794344808963, DIGITS);
    }
  });

  it('take a constant for one, though rounding gives its mean a distance', () => {
    const constant = Array.from({ length: 7 }, () => 0.1);
    expect(pearson(constant, [1, 2, 3, 4, 5, 6, 7])).toBeNaN();
    expect(spearman([1, 2, 3, 4, 5, 6, 7], constant)).toBeNaN();
    expect([r2(constant, constant), r2(constant, [1, 2, 3, 4, 5, 6, 7])]).toEqual([1, 0]);
    expect([r2([1], [1]), rmse([], []), pearson([], [])]).toEqual([NaN, NaN, NaN]);
  });

  it('of columns leave out what is not known', () => {
    const [y, of] = [[1, NaN, NaN, 4, 3, NaN, 9, NaN, NaN], [2, 0, 0, 7, 6, 0, 9, 0, 0]];
    expect(scoreOfColumns(rmse, y, of, 3)).toEqual([Math.sqrt(10 / 3), 3, NaN]);
    expect(meanOfColumns(rmse, y, of, 3)).toBeCloseTo((Math.sqrt(10 / 3) + 3) / 2, DIGITS);
  });
});

describe('scores of labels', () => {
  const truth = [1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0];
  const scores = [0.9, 0.4, 0.6, 0.2, 0.7, 0.3, 0.8, 0.6, 0.1, 0.6, 0.3, 0.2];
  const rows = { truth, scores, labels: 3 };

  it('are those of scikit-learn', () => {
    const f1 = (averaging: labels.LabelAveraging): number => labels.averagedScores(rows, averaging).f1;
    expect(f1('micro')).toBeCloseTo(2 / 3, DIGITS);
    expect(f1('macro')).toBeCloseTo(0.6555555555555556, DIGITS);
    expect(f1('weighted')).toBeCloseTo(0.6555555555555556, DIGITS);
    expect(f1('samples')).toBeCloseTo(0.5, DIGITS);
    expect(labels.rocAucMacro(rows)).toBeCloseTo(0.75, DIGITS);
    expect(labels.rocAucMicro(rows)).toBeCloseTo(0.75, DIGITS);
    expect(labels.averagePrecisionMacro(rows)).toBeCloseTo(0.8333333333333334, DIGITS);
    expect(labels.hammingLoss(rows)).toBeCloseTo(1 / 3, DIGITS);
    expect(labels.subsetAccuracy(rows)).toBe(0.5);
    // By hand: each label as two classes of their own.
    const each = (score: (positive: number[], of: number[]) => number): number =>
      [0, 1, 2].reduce((sum, k) => sum + score(truth.filter((_, i) => i % 3 === k), scores.filter((_, i) => i % 3 === k)), 0) / 3;
    expect(labels.labelLogLoss(rows)).toBeCloseTo(each((y, of) => logLoss(y, of, 2)), DIGITS);
    expect(labels.labelBrierScore(rows)).toBeCloseTo(each((y, of) => brierScore(y, of, 2)), DIGITS);
    expect(labels.labelCalibrationError(rows)).toBeCloseTo(each((y, of) => expectedCalibrationError(y, of, 2)), DIGITS);
  });

  it('leave out the cells that are not known', () => {
    // The last row is not known at all, nor is label 1 of the first row: what is left, row by row, is 1 1 | 0 0 1 | 1 1 0.
    const masked = { ...rows, truth: truth.map((value, cell) => (cell === 1 || cell > 8 ? NaN : value)) };
    expect(labels.countsOfLabels(masked).map(({ known }) => known)).toEqual([3, 2, 3]);
    expect(labels.hammingLoss(masked)).toBe(2 / 8);
    expect(labels.subsetAccuracy(masked)).toBe(2 / 3);
    expect(labels.averagedScores(masked, 'samples').f1).toBeCloseTo(2 / 3, DIGITS);
    expect(labels.averagedScores(masked, 'micro').f1).toBeCloseTo(8 / 10, DIGITS);
    expect(labels.rankingOfLabels(averagePrecision, masked)[1]).toBeCloseTo(0.5, DIGITS);
  });

  it('have no mean ranking where a label is the same in all rows, and are not spoiled by a label that is known nowhere', () => {
    const constant = { ...rows, truth: truth.map((value, cell) => (cell % 3 === 1 ? 0 : value)) };
    expect(labels.rocAucMacro(constant)).toBeNaN();
    expect(labels.averagePrecisionMacro(constant)).toBeNaN();
    expect(labels.rocAucMicro(constant)).toBeGreaterThan(0);
    const unknown = { ...rows, truth: truth.map((value, cell) => (cell % 3 === 1 ? NaN : value)) };
    expect(labels.averagedScores(unknown, 'macro').f1).toBeCloseTo((0.8 + 2 / 3) / 2, DIGITS);
    expect(labels.labelLogLoss(unknown)).toBeGreaterThan(0);
  });
});

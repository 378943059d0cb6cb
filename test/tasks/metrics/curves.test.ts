import { describe, expect, it } from 'vitest';
import { calibrationBins, calibrationError, thresholdCurve } from '../../../src/tasks/metrics/curves.ts';
import { rocAuc } from '../../../src/tasks/metrics/ranking.ts';

// Reference values: scikit-learn 1.9.1 on these ten rows, two of which share a score.
const truth = [0, 0, 1, 1, 0, 1, 1, 0, 1, 0];
const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.8, 0.65, 0.2, 0.95, 0.55];
const curve = thresholdCurve(truth, scores);

function expectList(values: readonly number[], reference: readonly number[]): void {
  expect(values.length).toBe(reference.length);
  values.forEach((value, i) => expect(value).toBeCloseTo(reference[i] ?? NaN, 12));
}

describe('the curve over the thresholds', () => {
  it('has the points of roc_curve(drop_intermediate=False), after its first', () => {
    expectList(curve.map(({ threshold }) => threshold), [0.95, 0.8, 0.65, 0.55, 0.4, 0.35, 0.2, 0.1]);
    expectList(curve.map(({ falsePositiveRate }) => falsePositiveRate), [0, 0, 0, 0.2, 0.6, 0.6, 0.8, 1]);
    expectList(curve.map(({ recall }) => recall), [0.2, 0.6, 0.8, 0.8, 0.8, 1, 1, 1]);
  });

  it('has the points of precision_recall_curve, before its last', () => {
    expectList(curve.map(({ precision }) => precision).toReversed(), [0.5, 0.5555555555555556, 0.625, 0.5714285714285714, 0.8, 1, 1, 1]);
  });

  it('has f1_score at each threshold', () => {
    expectList(curve.map(({ f1 }) => f1), [
      0.3333333333333333, 0.75, 0.8888888888888888, 0.8, 0.6666666666666666, 0.7692307692307693, 0.7142857142857143, 0.6666666666666666,
    ]);
  });

  it('encloses the areas that the metrics tell', () => {
    const area = curve.reduce((sum, point, i) => {
      const before = curve[i - 1] ?? { falsePositiveRate: 0, recall: 0 };
      return sum + (point.falsePositiveRate - before.falsePositiveRate) * (point.recall + before.recall) * 0.5;
    }, 0);
    expect(area).toBeCloseTo(rocAuc(truth, scores), 12);
    const steps = curve.reduce((sum, point, i) => sum + (point.recall - (curve[i - 1]?.recall ?? 0)) * point.precision, 0);
    expect(steps).toBeCloseTo(0.925, 12);
  });
});

describe('calibration', () => {
  const bins = calibrationBins(truth, scores, 5);

  it('has the bins of calibration_curve(n_bins=5)', () => {
    expectList(bins.map(({ observed }) => observed), [0, 0.3333333333333333, 0, 1, 1]);
    expectList(bins.map(({ meanPredicted }) => meanPredicted), [0.15, 0.3833333333333333, 0.55, 0.75, 0.95]);
    expect(bins.map(({ rows }) => rows)).toEqual([2, 3, 1, 3, 1]);
  });

  it('has the expected calibration error that numpy sums over those bins: Σ n/N · |observed − predicted|', () => {
    expect(calibrationError(bins)).toBeCloseTo(0.18, 12);
  });

  it('leaves empty bins out and takes both ends of the range', () => {
    expect(calibrationBins([0, 1], [0, 1], 10).map(({ low, high }) => [low, high])).toEqual([
      [0, 0.1],
      [0.9, 1],
    ]);
    expect(calibrationError(calibrationBins([0, 1], [0, 1], 10))).toBe(0);
  });
});

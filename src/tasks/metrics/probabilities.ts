import { valueAt } from '../../core/values.ts';
import { calibrationBins, calibrationError } from './curves.ts';

/**
 * Scores of probabilities of classes, as scikit-learn defines them. `labels` are class numbers. Of two classes `probabilities` holds the
 * second one's, [rows]; of more every class's, row-major [rows, classes].
 */

/** Mean negative log-likelihood; probabilities are kept float64's epsilon away from 0 and 1. */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  return meanOverRows(labels, (label, row) => {
    const p = probabilityOf(probabilities, classes, row, label);
    return -Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)));
  });
}

/** Brier's score: the mean squared error of the second of two classes' probability, or the sum of those of all classes. */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  if (classes === 2) return meanOverRows(labels, (label, row) => (valueAt(probabilities, row) - label) ** 2);
  return meanOverRows(labels, (label, row) => {
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += (valueAt(probabilities, row * classes + k) - (label === k ? 1 : 0)) ** 2;
    return sum;
  });
}

/**
 * Expected calibration error over 15 bins: of two classes between the second one's probability and how often it is true, of more between
 * the probability of the predicted class and how often that is right.
 */
export function expectedCalibrationError(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  if (classes === 2) return calibrationError(calibrationBins(labels, probabilities, ERROR_BINS));
  const confidence = new Float64Array(labels.length);
  const came = Int32Array.from(labels, (label, row) => {
    const of = (k: number): number => valueAt(probabilities, row * classes + k);
    let best = 0;
    for (let k = 1; k < classes; k++) if (of(k) > of(best)) best = k;
    confidence[row] = of(best);
    return label === best ? 1 : 0;
  });
  return calibrationError(calibrationBins(came, confidence, ERROR_BINS));
}

/** As many as Guo et al. (2017) take. */
const ERROR_BINS = 15;

/** How many rows have their class among the `k` most probable ones. */
export function topAccuracy(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number, k: number): number {
  return meanOverRows(labels, (label, row) => (placeOf(probabilities, classes, row, label) <= k ? 1 : 0));
}

/**
 * Mean average precision of the `k` most probable classes, of which one is right: the mean of 1 / its place, or of 0 where it is not among
 * them.
 */
export function mapAt(labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number, k: number): number {
  return meanOverRows(labels, (label, row) => {
    const place = placeOf(probabilities, classes, row, label);
    return place <= k ? 1 / place : 0;
  });
}

/** The place of a class by falling probability, from 1; of equal ones the lower number comes first. */
function placeOf(probabilities: ArrayLike<number>, classes: number, row: number, label: number): number {
  const own = probabilityOf(probabilities, classes, row, label);
  let place = 1;
  for (let k = 0; k < classes; k++) {
    const p = probabilityOf(probabilities, classes, row, k);
    if (p > own || (p === own && k < label)) place++;
  }
  return place;
}

function probabilityOf(probabilities: ArrayLike<number>, classes: number, row: number, k: number): number {
  if (classes > 2) return valueAt(probabilities, row * classes + k);
  return k === 1 ? valueAt(probabilities, row) : 1 - valueAt(probabilities, row);
}

function meanOverRows(labels: ArrayLike<number>, of: (label: number, row: number) => number): number {
  let sum = 0;
  for (let row = 0; row < labels.length; row++) sum += of(valueAt(labels, row), row);
  return sum / labels.length;
}

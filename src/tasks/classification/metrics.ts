import { accuracy, classScores, confusionOf, macroScores } from './confusion.ts';
import { oneAgainstRest, rocAuc } from '../metrics/ranking.ts';

/**
 * Metrics of probabilities. For two classes `probabilities` holds the second class's, [rows]; for more, every class's,
 * row-major [rows, classes]. Values are scikit-learn's. What is undefined is NaN, which JSON writes as null.
 */

/**
 * `accuracy`, `precision_macro`, `recall_macro`, `f1_macro` (over the classes that occur in truth or prediction), `roc_auc`
 * (macro one against the rest for more than two classes; NaN where a class does not occur), and for two classes `f1` of the
 * second.
 */
export function classificationMetrics(labels: Int32Array, probabilities: ArrayLike<number>, classes: number): Readonly<Record<string, number>> {
  const confusion = confusionOf(labels, predictedLabels(probabilities, classes), classes);
  const macro = macroScores(confusion);
  return {
    accuracy: accuracy(confusion),
    precision_macro: macro.precision,
    recall_macro: macro.recall,
    f1_macro: macro.f1,
    ...(classes === 2 ? { f1: classScores(confusion)[1]!.f1 } : {}),
    roc_auc: classes === 2 ? rocAuc(labels, probabilities) : oneAgainstRest(rocAuc, labels, probabilities, classes, 'macro'),
  };
}

/** The most probable class of each row, the first of equal ones; so of two classes the second only above one half, as numpy rounds. */
export function predictedLabels(probabilities: ArrayLike<number>, classes: number): Int32Array {
  if (classes === 2) return Int32Array.from(probabilities, (p) => (p > 0.5 ? 1 : 0));
  return Int32Array.from({ length: probabilities.length / classes }, (_, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (probabilities[row * classes + k]! > probabilities[row * classes + best]!) best = k;
    return best;
  });
}

/** Mean negative log-likelihood; probabilities are kept float64's epsilon away from 0 and 1. */
export function logLoss(labels: Int32Array, probabilities: ArrayLike<number>, classes: number): number {
  let sum = 0;
  labels.forEach((label, row) => {
    sum -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probabilityOf(probabilities, classes, row, label))));
  });
  return sum / labels.length;
}

function probabilityOf(probabilities: ArrayLike<number>, classes: number, row: number, k: number): number {
  if (classes > 2) return probabilities[row * classes + k]!;
  return k === 1 ? probabilities[row]! : 1 - probabilities[row]!;
}

import { valueAt } from '../../core/values.ts';
import { betterOf } from '../../config/index.ts';
import type { Targets } from '../../data/examples/index.ts';
import { logLoss } from '../metrics/probabilities.ts';
import { oneAgainstRest, rocAuc } from '../metrics/ranking.ts';
import type { Predictions } from '../predictions.ts';
import type { Metric } from '../task.ts';
import { accuracy, classScores, confusionOf, macroScores, type Confusion } from '../metrics/confusion.ts';
import { labelsOf } from './labels.ts';

/**
 * Metrics of probabilities. For two classes `probabilities` holds the second class's, [rows]; for more, every class's,
 * row-major [rows, classes]. Values are scikit-learn's. What is undefined is NaN, which JSON writes as null.
 */

/**
 * `accuracy`, `precision_macro`, `recall_macro`, `f1_macro` (over the classes that occur in truth or prediction), for two
 * classes `f1` of the second, and `roc_auc` (macro one against the rest for more than two classes; NaN where a class does not
 * occur). The loss is scikit-learn's `log_loss`.
 */
export function classMetrics(classes: number): readonly Metric[] {
  const confusionFor = remembered((targets, { numbers }) => confusionOf(labelsOf(targets), predictedLabels(numbers, classes), classes));
  const ofConfusion = (name: Metric['name'], of: (confusion: Confusion) => number): Metric => ({
    name,
    better: betterOf(name),
    of: (targets, predictions) => of(confusionFor(targets, predictions)),
  });
  const ofProbabilities = (name: Metric['name'], of: (labels: Int32Array, probabilities: Float64Array) => number): Metric => ({
    name,
    better: betterOf(name),
    of: (targets, { numbers }) => of(labelsOf(targets), numbers),
  });
  return [
    ofProbabilities('loss', (labels, probabilities) => logLoss(labels, probabilities, classes)),
    ofConfusion('accuracy', accuracy),
    ofConfusion('precision_macro', (confusion) => macroScores(confusion).precision),
    ofConfusion('recall_macro', (confusion) => macroScores(confusion).recall),
    ofConfusion('f1_macro', (confusion) => macroScores(confusion).f1),
    ...(classes === 2 ? [ofConfusion('f1', (confusion) => valueAt(classScores(confusion), 1).f1)] : []),
    ofProbabilities('roc_auc', (labels, probabilities) =>
      classes === 2 ? rocAuc(labels, probabilities) : oneAgainstRest(rocAuc, labels, probabilities, classes, 'macro'),
    ),
  ];
}

/** What is found of predictions once, for all the metrics that need it. */
function remembered<T>(find: (targets: Targets, predictions: Predictions) => T): (targets: Targets, predictions: Predictions) => T {
  const known = new WeakMap<Predictions, { readonly targets: Targets; readonly found: T }>();
  return (targets, predictions) => {
    const last = known.get(predictions);
    if (last?.targets === targets) return last.found;
    const found = find(targets, predictions);
    known.set(predictions, { targets, found });
    return found;
  };
}

/** The most probable class of each row, the first of equal ones; so of two classes the second only above one half, as numpy rounds. */
export function predictedLabels(probabilities: ArrayLike<number>, classes: number): Int32Array {
  if (classes === 2) return Int32Array.from(probabilities, (p) => (p > 0.5 ? 1 : 0));
  return Int32Array.from({ length: probabilities.length / classes }, (_, row) => {
    let best = 0;
    const of = (label: number): number => valueAt(probabilities, row * classes + label);
    for (let k = 1; k < classes; k++) if (of(k) > of(best)) best = k;
    return best;
  });
}

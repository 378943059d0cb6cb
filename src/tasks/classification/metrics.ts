import { valueAt } from '../../core/values.ts';
import { betterOf } from '../../config/index.ts';
import type { Targets } from '../../data/examples/index.ts';
import {
  accuracy,
  balancedAccuracy,
  classScores,
  cohenKappa,
  confusionOf,
  macroScores,
  matthews,
  weightedF1,
  type Confusion,
} from '../metrics/confusion.ts';
import { brierScore, expectedCalibrationError, logLoss, mapAt, topAccuracy } from '../metrics/probabilities.ts';
import { averagePrecision, oneAgainstRest, rocAuc, type RankingScore } from '../metrics/ranking.ts';
import type { Predictions } from '../predictions.ts';
import type { Metric } from '../task.ts';
import { labelsOf } from './labels.ts';

/**
 * Metrics of probabilities. For two classes `probabilities` holds the second class's, [rows]; for more, every class's,
 * row-major [rows, classes]. Values are scikit-learn's. What is undefined is NaN, which JSON writes as null.
 */

/**
 * Measured of every epoch: `accuracy`, `precision_macro`, `recall_macro`, `f1_macro` (over the classes that occur in truth or prediction),
 * for two classes `f1` of the second, and `roc_auc` (macro one against the rest for more than two classes; NaN where a class does not
 * occur). The loss is scikit-learn's `log_loss`.
 */
export function classMetrics(classes: number): readonly Metric[] {
  const confusionFor = remembered((targets, predictions) => confusionIn(targets, predictions, classes));
  const ofConfusion = (name: Metric['name'], of: (confusion: Confusion) => number): Metric => ({
    name,
    better: betterOf(name),
    of: (targets, predictions) => of(confusionFor(targets, predictions)),
  });
  return [
    ofProbabilities('loss', classes, logLoss),
    ofConfusion('accuracy', accuracy),
    ofConfusion('precision_macro', (confusion) => macroScores(confusion).precision),
    ofConfusion('recall_macro', (confusion) => macroScores(confusion).recall),
    ofConfusion('f1_macro', (confusion) => macroScores(confusion).f1),
    ...(classes === 2 ? [ofConfusion('f1', (confusion) => valueAt(classScores(confusion), 1).f1)] : []),
    ofProbabilities('roc_auc', classes, rankingMetric(rocAuc)),
  ];
}

/**
 * One of those, or one that is measured only where somebody names it: `average_precision` as `roc_auc`, `ece` over 15 bins,
 * `top_<k>_accuracy` and `map_at_<k>` of the k most probable classes. Undefined where classes have none of that name.
 */
export function classMetric(name: string, classes: number): Metric | undefined {
  const usual = classMetrics(classes).find((metric) => metric.name === name);
  if (usual !== undefined) return usual;
  if (Object.hasOwn(OF_CONFUSION, name)) {
    const [known, of] = [name as keyof typeof OF_CONFUSION, OF_CONFUSION[name as keyof typeof OF_CONFUSION]];
    return { name: known, better: betterOf(name), of: (targets, predictions) => of(confusionIn(targets, predictions, classes)) };
  }
  if (Object.hasOwn(OF_PROBABILITIES, name)) {
    const known = name as keyof typeof OF_PROBABILITIES;
    return ofProbabilities(known, classes, OF_PROBABILITIES[known]);
  }
  return ofMostProbable(name, classes);
}

type ProbabilityScore = (labels: Int32Array, probabilities: Float64Array, classes: number) => number;

const OF_CONFUSION = {
  balanced_accuracy: balancedAccuracy,
  f1_micro: accuracy, // where every row has one class and one prediction they are the same
  f1_weighted: weightedF1,
  mcc: matthews,
  kappa: cohenKappa,
} as const satisfies Readonly<Record<string, (confusion: Confusion) => number>>;

const OF_PROBABILITIES = {
  average_precision: rankingMetric(averagePrecision),
  log_loss: logLoss,
  brier: brierScore,
  ece: expectedCalibrationError,
} as const satisfies Readonly<Record<string, ProbabilityScore>>;

function ofMostProbable(name: string, classes: number): Metric | undefined {
  const [, top, map] = /^(?:top_([1-9]\d{0,3})_accuracy|map_at_([1-9]\d{0,3}))$/.exec(name) ?? [];
  const own = name as Metric['name']; // the pattern says so
  if (top !== undefined) return ofProbabilities(own, classes, (...rows) => topAccuracy(...rows, Number(top)));
  return map === undefined ? undefined : ofProbabilities(own, classes, (...rows) => mapAt(...rows, Number(map)));
}

function ofProbabilities(name: Metric['name'], classes: number, of: ProbabilityScore): Metric {
  return { name, better: betterOf(name), of: (targets, { numbers }) => of(labelsOf(targets), numbers, classes) };
}

/** Of the second of two classes, or the mean of each class against the rest. */
function rankingMetric(score: RankingScore): ProbabilityScore {
  return (labels, probabilities, classes) =>
    classes === 2 ? score(labels, probabilities) : oneAgainstRest(score, labels, probabilities, classes, 'macro');
}

function confusionIn(targets: Targets, { numbers }: Predictions, classes: number): Confusion {
  return confusionOf(labelsOf(targets), predictedLabels(numbers, classes), classes);
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

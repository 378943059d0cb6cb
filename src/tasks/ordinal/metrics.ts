import { betterOf } from '../../config/index.ts';
import { valueAt } from '../../core/values.ts';
import { rowCount, type Targets } from '../../data/examples/index.ts';
import { weightedKappa } from '../metrics/agreement.ts';
import {
  accuracy,
  balancedAccuracy,
  cohenKappa,
  confusionOf,
  macroScores,
  matthews,
  weightedF1,
  type Confusion,
} from '../metrics/confusion.ts';
import { mae, pearson, rmse, spearman } from '../metrics/numbers.ts';
import { brierScore, expectedCalibrationError, logLoss } from '../metrics/probabilities.ts';
import type { Predictions } from '../predictions.ts';
import type { Metric } from '../task.ts';
import { gradeValues, probabilitiesOf, ranksOf, scoresOf, type Grades } from './grades.ts';

/** Measured of every epoch, in the order in which they are shown. */
export function usualGradeMetrics(grades: Grades): readonly Metric[] {
  return (['loss', 'qwk', 'accuracy', 'mae', 'rmse', 'spearman'] as const).map((name) => gradeMetric(name, grades));
}

/** Those that are measured where somebody names them. */
export function namedGradeMetric(name: string, grades: Grades): Metric | undefined {
  return Object.hasOwn(SCORES, name) ? gradeMetric(name as keyof typeof SCORES, grades) : undefined;
}

function gradeMetric(name: keyof typeof SCORES, grades: Grades): Metric {
  return { name, better: betterOf(name), of: (targets, predictions) => SCORES[name]({ targets, predictions, ...grades }) };
}

interface Graded extends Grades {
  readonly targets: Targets;
  readonly predictions: Predictions;
}

/** Of grades that are predicted: agreement, and distances in the unit of the grades. Of scores: correlations. The rest of probabilities. */
const SCORES = {
  loss: gradeLoss,
  accuracy: ofConfusion(accuracy),
  balanced_accuracy: ofConfusion(balancedAccuracy),
  precision_macro: ofConfusion((confusion) => macroScores(confusion).precision),
  recall_macro: ofConfusion((confusion) => macroScores(confusion).recall),
  f1_macro: ofConfusion((confusion) => macroScores(confusion).f1),
  f1_micro: ofConfusion(accuracy),
  f1_weighted: ofConfusion(weightedF1),
  mcc: ofConfusion(matthews),
  kappa: ofConfusion(cohenKappa),
  qwk: ({ targets, predictions, grades }) => weightedKappa(targets.values, ranksOf(predictions), grades.length, 'quadratic'),
  log_loss: ofProbabilities(logLoss),
  brier: ofProbabilities(brierScore),
  ece: ofProbabilities(expectedCalibrationError),
  mae: ofNumbers(mae),
  rmse: ofNumbers(rmse),
  pearson: ({ targets, predictions, grades }) => pearson(valuesOf(targets.values, grades), scoresOf(predictions)),
  spearman: ({ targets, predictions, grades }) => spearman(valuesOf(targets.values, grades), scoresOf(predictions)),
} as const satisfies Readonly<Record<string, (graded: Graded) => number>>;

function ofConfusion(score: (confusion: Confusion) => number): (graded: Graded) => number {
  return ({ targets, predictions, grades }) =>
    score(confusionOf(Int32Array.from(targets.values), ranksOf(predictions), grades.length));
}

function ofNumbers(score: (truth: ArrayLike<number>, predicted: ArrayLike<number>) => number): (graded: Graded) => number {
  return ({ targets, predictions, grades }) => score(valuesOf(targets.values, grades), valuesOf(ranksOf(predictions), grades));
}

type ProbabilityScore = (labels: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number) => number;

function ofProbabilities(score: ProbabilityScore): (graded: Graded) => number {
  return ({ targets, predictions, grades }) => {
    const probabilities = probabilitiesOf(predictions);
    const isBinary = grades.length === 2;
    return score(targets.values, isBinary ? probabilities.filter((_, i) => i % 2 === 1) : probabilities, grades.length);
  };
}

function valuesOf(ranks: ArrayLike<number>, grades: readonly string[]): Float64Array {
  const values = gradeValues(grades);
  return Float64Array.from(ranks, (rank) => valueAt(values, rank));
}

/**
 * The loss of the link, of probabilities: for coral the sum over the thresholds of the negative log-likelihood that they are passed or not,
 * for the cumulative one the negative log-likelihood of the grade.
 */
function gradeLoss({ targets, predictions, grades, link }: Graded): number {
  if (link === 'cumulative') return ofProbabilities(logLoss)({ targets, predictions, grades, link, counts: [] });
  const { width, numbers } = predictions;
  const rows = rowCount(targets);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let above = 0;
    for (let k = grades.length - 1; k > 0; k--) {
      above += valueAt(numbers, row * width + k);
      const likely = valueAt(targets.values, row) >= k ? above : 1 - above;
      sum -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, likely)));
    }
  }
  return sum / rows;
}

import { bareMetric, watchersOf, type Sweep } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import type { Task } from '../../tasks/index.ts';
import type { Extent } from '../jobs/extent.ts';
import { trainedFolds } from '../jobs/job-graph.ts';
import type { ModelProgress } from '../jobs/progress.ts';
import { isBelowMedian, losesRace, rungsUpTo, survivesRung, type Scores } from './pruners.ts';
import type { Trial } from './trial.ts';

/** What pruning knows of a trial: its scores by epoch, the mean over the folds, and by fold, of its best epoch. */
export interface Curve {
  readonly epochs: Scores;
  readonly folds: Scores;
  /** Its score by the metric of the sweep; NaN unless it is complete. */
  readonly score: number;
}

/** The parts after which a trial is looked at, in their order; what is left after the last one is trained without a look. */
export function partsOf({ pruning }: Sweep, { loaded: { experiment } }: Trial): readonly Extent[] {
  const folds = trainedFolds(experiment);
  const { epochs } = experiment.training;
  if (pruning === 'folds') return folds.slice(LEAST_FOLDS - 1, -1).map((_, i) => ({ folds: folds.slice(0, i + LEAST_FOLDS) }));
  if (pruning === 'asha') return rungsUpTo(epochs, 1, FACTOR).map((rung) => ({ folds, epochs: rung }));
  return pruning === 'median' ? rungsUpTo(epochs, 1, 1).map((epoch) => ({ folds, epochs: epoch })) : [];
}

/** Why a trial is not trained further than a part, as a phrase; undefined where it is. Others are the trials before it. */
export function whyPruned({ pruning, mode }: Sweep, own: Curve, part: Extent, others: readonly Curve[]): string | undefined {
  const sign = mode === 'max' ? 1 : -1;
  const complete = others.filter(({ score }) => !Number.isNaN(score));
  const { epochs = 0, folds } = part;
  if (pruning === 'asha') {
    const there = others.flatMap((other) => other.epochs.get(epochs) ?? []);
    return survivesRung(own.epochs.get(epochs) ?? NaN, there, FACTOR, sign) ? undefined : `not in the best third after epoch ${epochs}`;
  }
  if (pruning === 'median') {
    const isBelow = isBelowMedian(own.epochs, epochs, complete.map((other) => other.epochs), { startup: STARTUP }, sign);
    return isBelow ? `below the median after epoch ${epochs}` : undefined;
  }
  const [first, ...rest] = complete;
  if (first === undefined) return undefined;
  const best = rest.reduce((top, other) => (sign * (other.score - top.score) > 0 ? other : top), first);
  return losesRace(own.folds, best.folds, { p: RACE_P, least: LEAST_FOLDS }, sign)
    ? `behind the best trial on ${folds.length} folds`
    : undefined;
}

/** Throws where pruning would compare trials by a metric that training does not measure after its epochs. */
export function throwIfNoCurve({ pruning, metric, members }: Sweep, task: Task): void {
  const name = bareMetric(metric);
  if (pruning === 'none' || name === 'loss' || task.metrics.some((usual) => usual.name === name)) return;
  const isWatched = ({ loaded: { experiment } }: (typeof members)[number]): boolean =>
    watchersOf(experiment.training).some(({ monitor }) => bareMetric(monitor) === name);
  if (!members.every(isWatched)) throw withoutCurve(`val/${name}`);
}

/** The curve of models as far as they have come. Throws where training does not measure the metric of the sweep. */
export function curveOf({ metric }: Sweep, training: readonly ModelProgress[], score: number): Curve {
  const name = `val/${bareMetric(metric)}`;
  const figure = (metrics: Readonly<Record<string, number | null>>): number => {
    const value = metrics[name];
    if (value !== undefined) return value ?? NaN;
    throw withoutCurve(name);
  };
  const most = Math.max(0, ...training.map(({ epochs }) => epochs.length));
  // A fold that has stopped early stays at its last epoch.
  const at = (epoch: number): number =>
    mean(training.flatMap(({ epochs }) => epochs.slice(0, epoch).slice(-1).map(({ metrics }) => figure(metrics))));
  const byFold = new Map<number, readonly number[]>();
  for (const { fold, best } of training) if (best !== null) byFold.set(fold, [...(byFold.get(fold) ?? []), figure(best)]);
  return {
    epochs: new Map(Array.from({ length: most }, (_, i) => [i + 1, at(i + 1)])),
    folds: new Map([...byFold].map(([fold, scores]) => [fold, mean(scores)])),
    score,
  };
}

function withoutCurve(name: string): OrtrainError {
  return new OrtrainError('config', `pruning compares trials by ${name}, which training does not measure`, {
    subject: 'pruning',
    remedy: `Let training watch it: training.best_model.monitor: ${name}; or leave pruning out.`,
  });
}

/** Epochs of all folds together. */
export function epochsIn(training: readonly ModelProgress[]): number {
  return training.reduce((total, { epochs }) => total + epochs.length, 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of those that came to a rung, one in so many goes on, and the next rung is so many times as far. */
const FACTOR = 3;

/** Complete trials that the median rule waits for. */
const STARTUP = 5;

/** A race begins when so many folds are trained. */
const LEAST_FOLDS = 2;

/** Two folds that both lose have p = 0.25, the least that two can have. */
const RACE_P = 0.3;

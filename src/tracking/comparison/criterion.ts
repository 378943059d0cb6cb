import { bareMetric, betterOf, type Experiment } from '../../config/index.ts';
import { openTask, taskProblem } from '../../tasks/index.ts';
import { taskOf, type RunMetrics } from '../run-metrics.ts';

/** What runs are compared by: one metric, in the three forms that a run has it in. */
export interface Criterion {
  /** As it was asked for, and as sentences name it: `val/f1_macro`, `oof/accuracy`, `cv/loss/mean`. */
  readonly metric: string;
  /** The row of it among a comparison's metrics, by which runs are ranked: `cv/f1_macro`, `oof/accuracy`. */
  readonly row: string;
  /** What is tested fold by fold, each at its best epoch: `val/f1_macro`. */
  readonly perFold: string;
  readonly smallerIsBetter: boolean;
  /** Why it is not the metric that a reader may expect, as a sentence; empty where it is. */
  readonly note: string;
}

/** Of any form of a metric: `val/loss`, `oof/loss`, `cv/loss`, `cv/loss/mean`. */
export function isSmallerBetter(metric: string): boolean {
  return betterOf(metric) === 'low';
}

/** The criterion of a metric that somebody has asked for: `val/…`, `oof/…`, `test/…` or `cv/…/mean`. */
export function criterionOf(metric: string): Criterion {
  const name = bareMetric(metric);
  return {
    metric,
    row: /^(oof|test)\//.test(metric) ? metric : `cv/${name}`,
    perFold: `val/${name}`,
    smallerIsBetter: isSmallerBetter(metric),
    note: '',
  };
}

/**
 * Where nobody asks: the metric by which all runs chose their best epochs, or the usual one of their task where they differ in that or
 * watched the training rows.
 */
export function sharedCriterion(runs: readonly { readonly experiment: Experiment; readonly metrics: RunMetrics | null }[]): Criterion {
  const monitors = [...new Set(runs.map(({ experiment }) => experiment.training.best_model.monitor))];
  const [monitor] = monitors;
  if (monitors.length === 1 && monitor?.startsWith('val/') === true) return criterionOf(monitor);
  const why =
    monitors.length === 1
      ? `the runs chose their best epochs by ${monitor}, which is of training rows`
      : `the runs chose their best epochs by different metrics (${monitors.join(', ')})`;
  const measured = runs.find(({ metrics }) => metrics !== null)?.metrics;
  const usual = `val/${isKnown(measured) ? openTask(taskOf(measured)).usualMetric : 'loss'}`;
  return { ...criterionOf(usual), note: `They are compared by ${usual}, because ${why}.` };
}

function isKnown(metrics: RunMetrics | null | undefined): metrics is RunMetrics {
  return metrics !== null && metrics !== undefined && taskProblem(taskOf(metrics), 'metrics') === undefined;
}

/** A run's score by the criterion, NaN where it has none. */
export function scoreBy({ row }: Criterion, metrics: RunMetrics | null): number {
  if (metrics === null) return NaN;
  const { oof, cv, test = {} } = metrics;
  const value = /^(oof|test)\//.test(row) ? own({ ...oof, ...test }, row) : own(cv, row.slice('cv/'.length))?.mean;
  return typeof value === 'number' ? value : NaN;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

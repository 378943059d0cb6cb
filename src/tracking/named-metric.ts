import { bareMetric } from '../config/index.ts';
import { meanAndSd } from '../data/statistics/index.ts';
import { targetsAt } from '../data/examples/index.ts';
import type { OutOfFold, Task } from '../tasks/index.ts';
import { readEvaluatedRun, type EvaluatedRun } from './evaluated-run.ts';
import type { RunMetrics } from './run-metrics.ts';

/**
 * A run's metrics with one that somebody names and that nobody measured while it ran, in all its forms: it is found from the out-of-fold
 * predictions, so that no run has to be trained for it. As they are where it is among them, or where the task does not have it.
 *
 * @param metric in any form: `oof/mcc`, `cv/mcc/mean`, `val/mcc`
 */
export function withNamedMetric(run: Pick<EvaluatedRun, 'metrics' | 'task' | 'outOfFold'>, metric: string): RunMetrics {
  const { metrics, task, outOfFold } = run;
  const name = bareMetric(metric);
  const of = task.metric(name)?.of;
  if (isMeasured(metrics, metric) || of === undefined) return metrics;
  const ofFold = new Map(metrics.folds.map(({ fold }) => [fold, ofRows(of, outOfFold, rowsOf(outOfFold, fold))]));
  return {
    ...metrics,
    folds: metrics.folds.map((fold) => ({ ...fold, best: { [`val/${name}`]: ofFold.get(fold.fold) ?? NaN, ...fold.best } })),
    cv: { [name]: meanAndSd([...ofFold.values()]), ...metrics.cv },
    oof: { [`oof/${name}`]: of(outOfFold.targets, outOfFold.predictions), ...metrics.oof },
  };
}

/** `withNamedMetric` of the run in a folder, which is read only where the metric is not among those that are known. */
export async function namedMetrics(folder: string, metrics: RunMetrics, metric: string): Promise<RunMetrics> {
  return isMeasured(metrics, metric) ? metrics : withNamedMetric(await readEvaluatedRun(folder), metric);
}

function isMeasured({ oof, cv }: RunMetrics, metric: string): boolean {
  return metric.startsWith('oof/') ? Object.hasOwn(oof, metric) : Object.hasOwn(cv, bareMetric(metric));
}

function rowsOf({ folds }: OutOfFold, fold: number): Int32Array {
  return Int32Array.from(folds.keys()).filter((row) => folds[row] === fold);
}

function ofRows(of: Task['metrics'][number]['of'], { targets, predictions: { width, numbers } }: OutOfFold, rows: Int32Array): number {
  const own = targetsAt({ width, values: numbers }, rows).values;
  return of(targetsAt(targets, rows), { width, numbers: own });
}

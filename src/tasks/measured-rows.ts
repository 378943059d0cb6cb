import { valueAt } from '../core/values.ts';
import { isLabelled, rowCount, targetsAt, type Targets } from '../data/examples/index.ts';
import { bootstrapIntervals, type Interval } from '../data/statistics/index.ts';
import type { Predictions } from './predictions.ts';
import { measured } from './rows.ts';
import type { Task } from './task.ts';

/** How good predictions of rows are whose targets are known. */
export interface MeasuredRows {
  /** Those of which something is known. */
  readonly rows: number;
  /** By the names of the task's metrics; NaN where one is undefined. */
  readonly metrics: Readonly<Record<string, number>>;
  /** 95 % intervals of these, by the bootstrap over rows; null where a metric is undefined in many draws. */
  readonly intervals: Readonly<Record<string, Interval | null>>;
}

/**
 * Null where nothing is known of any row.
 *
 * @param named metrics to measure besides the usual ones, as `measured`
 */
export function measuredRows(
  task: Pick<Task, 'metrics' | 'metric'>,
  targets: Targets,
  predictions: Predictions,
  named: readonly string[] = [],
): MeasuredRows | null {
  const known = Int32Array.from({ length: rowCount(targets) }, (_, row) => row).filter((row) => isLabelled(targets, row));
  if (known.length === 0) return null;
  const [own, said] = [targetsAt(targets, known), predictionsAt(predictions, known)];
  const metrics = measured(task, own, said, named);
  const names = Object.keys(metrics);
  const intervals = bootstrapIntervals(known.length, (drawn) => {
    const found = measured(task, targetsAt(own, drawn), predictionsAt(said, drawn), named);
    return names.map((name) => found[name] ?? NaN);
  });
  const isDefined = (name: string): boolean => !Number.isNaN(metrics[name] ?? NaN);
  return {
    rows: known.length,
    metrics,
    intervals: Object.fromEntries(names.map((name, i) => [name, isDefined(name) ? valueAt(intervals, i) : null])),
  };
}

/** Those of some rows, in their order. */
export function predictionsAt({ width, numbers }: Predictions, rows: Int32Array): Predictions {
  const own = new Float64Array(rows.length * width);
  rows.forEach((row, i) => own.set(numbers.subarray(row * width, (row + 1) * width), i * width));
  return { width, numbers: own };
}

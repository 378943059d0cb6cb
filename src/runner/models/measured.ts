import { aside } from '../../core/aside.ts';
import { moduleBeside } from '../../core/threads.ts';
import { rowCount, targetsAt, type Targets } from '../../data/examples/index.ts';
import type { Interval } from '../../data/statistics/index.ts';
import {
  measuredRows,
  openTask,
  predictionsAt,
  withLoss,
  type LossOptions,
  type Predictions,
  type TaskDescription,
} from '../../tasks/index.ts';

/** Metrics by their names, NaN where one is undefined, each with its 95 % interval, null where that is undefined. */
export type MeasuredMetrics = Readonly<Record<string, { readonly value: number; readonly interval: Interval | null }>>;

/** Predictions of rows, and parts of the rows, each of which is measured. */
export interface ToMeasure {
  readonly description: TaskDescription;
  /** The loss that the models were trained by, and the targets of the rows that they were trained on, for what is balanced by these. */
  readonly trained: { readonly loss: LossOptions; readonly targets: Targets };
  readonly targets: Targets;
  readonly predictions: Predictions;
  readonly parts: readonly Int32Array[];
}

/** More rows are measured in a thread of their own, so that this one hears Ctrl-C. */
const MOST_ROWS_HERE = 5000;

export function measuredAside(what: ToMeasure, signal: AbortSignal | undefined): Promise<readonly MeasuredMetrics[]> {
  if (rowCount(what.targets) > MOST_ROWS_HERE) return aside(moduleBeside(import.meta.url, 'measured'), 'measuredParts', [what], signal);
  return Promise.resolve(measuredParts(what));
}

export function measuredParts({ description, trained, targets, predictions, parts }: ToMeasure): readonly MeasuredMetrics[] {
  const task = withLoss(openTask(description), trained.loss, trained.targets);
  return parts.map((rows) => {
    const found = measuredRows(task, targetsAt(targets, rows), predictionsAt(predictions, rows));
    return Object.fromEntries(
      Object.entries(found?.metrics ?? {}).map(([name, value]) => [name, { value, interval: found?.intervals[name] ?? null }]),
    );
  });
}

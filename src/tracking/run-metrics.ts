import { isThere } from '../core/files.ts';
import { sha256 } from '../core/hash.ts';
import { MOST_JSON_BYTES, readInput, readJsonInput, unreadable } from '../core/inputs.ts';
import { fileInside } from '../core/inside.ts';
import { epochMembers } from '../core/measures.ts';
import { count, list, metric, number, object, record, text, type ShapeOf, type TypeOf } from '../core/shapes.ts';
import type { TaskDescription } from '../tasks/index.ts';

/** How one epoch of a fold went. */
export type EpochRecord = TypeOf<typeof epoch>;

const epoch = object({ ...epochMembers, seconds: number });

/** How one fold went. */
export type FoldHistory = TypeOf<typeof fold>;

const fold = object({
  fold: count,
  best_epoch: count,
  stopped: text,
  epochs: list(epoch),
  /** Metrics of the best epoch. */
  best: record(metric),
});

/** `metrics.json`: the description of the task, and figures. What is not a number there is null. */
export type RunMetrics = TypeOf<typeof runMetrics> & TaskDescription;

const runMetrics = object({
  folds: list(fold),
  /** Mean and standard deviation (n − 1) over the folds of each best epoch's validation metrics, without the `val/`. */
  cv: record(object({ mean: metric, sd: metric })),
  /** `oof/<metric>` on the out-of-fold predictions of all rows. */
  oof: record(metric),
});

/**
 * Metrics as a run's folder has them; null where it has none. Throws a data error where they are damaged, or, where their SHA-256 is
 * known, are not what the run wrote.
 */
export function readMetrics(folder: string, digest?: string): RunMetrics | null {
  const file = fileInside(folder, 'metrics.json');
  if (!isThere(file)) return null;
  const metrics = readJsonInput(file, runMetrics as ShapeOf<RunMetrics>); // what describes the task is looked at where it is opened
  if (digest !== undefined && sha256(readInput(file, MOST_JSON_BYTES)) !== digest)
    throw unreadable(file, 'it was changed after the run wrote it');
  return metrics;
}

/** What the targets of the run are. */
export function taskOf({ folds: _folds, cv: _cv, oof: _oof, ...description }: RunMetrics): TaskDescription {
  return description;
}

/** The figures by which runs are compared: `oof/…` and `cv/<metric>/mean|sd`. */
export function summaryOf({ oof, cv }: RunMetrics): Readonly<Record<string, number | null>> {
  return {
    ...oof,
    ...Object.fromEntries(Object.entries(cv).flatMap(([name, { mean, sd }]) => [[`cv/${name}/mean`, mean], [`cv/${name}/sd`, sd]])),
  };
}

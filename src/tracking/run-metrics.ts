import { isThere } from '../core/files.ts';
import { sha256 } from '../core/hash.ts';
import { MOST_JSON_BYTES, readInput, readJsonInput, unreadable } from '../core/inputs.ts';
import { fileInside } from '../core/inside.ts';
import { epochMembers } from '../core/measures.ts';
import { count, list, metric, nullable, number, object, optional, record, text, type ShapeOf, type TypeOf } from '../core/shapes.ts';
import type { TaskDescription } from '../tasks/index.ts';

/** How one epoch of a fold went. */
export type EpochRecord = TypeOf<typeof epoch>;

const epoch = object({ ...epochMembers, seconds: number });

/** How the training of one model went. */
export type ModelHistory = TypeOf<typeof model>;

const modelMembers = {
  best_epoch: count,
  stopped: text,
  epochs: list(epoch),
  /** Metrics of the best epoch. */
  best: record(metric),
};

const model = object(modelMembers);

/**
 * How one fold went. Where it is trained with several seeds, the validation metrics in `best` are those of the averaged predictions, and
 * all other figures means over the seeds.
 */
export type FoldHistory = TypeOf<typeof fold>;

const fold = object({ fold: count, ...modelMembers, seeds: optional(list(object({ seed: count, ...modelMembers }))) });

/** The models of folds as they were trained: each of its seeds where a fold has several. */
export function modelHistories(folds: readonly FoldHistory[]): readonly TrainedHistory[] {
  return folds.flatMap(({ seeds, ...history }) => seeds?.map((own) => ({ ...own, fold: history.fold })) ?? [history]);
}

/** `3 of 10`, or of several seeds `3, 4, 3`. */
export function bestEpochs({ best_epoch: best, epochs, seeds }: FoldHistory): string {
  return seeds === undefined ? `${best} of ${epochs.length}` : seeds.map((own) => own.best_epoch).join(', ');
}

export type TrainedHistory = ModelHistory & { readonly fold: number; readonly seed?: number };

const scores = {
  /** Mean and standard deviation (n − 1) over the folds of each best epoch's validation metrics, without the `val/`. */
  cv: record(object({ mean: metric, sd: metric })),
  /** `oof/<metric>` on the out-of-fold predictions of all rows. */
  oof: record(metric),
};

/** `metrics.json`: the description of the task, and figures. What is not a number there is null. */
export type RunMetrics = TypeOf<typeof runMetrics> & TaskDescription;

const runMetrics = object({
  folds: list(fold),
  ...scores,
  /** The scores of each seed by itself, where there are several. */
  seeds: optional(list(object({ seed: count, ...scores }))),
  /** `baseline/oof/<metric>` of TF-IDF and a linear model on the same rows and folds; absent where there was none. */
  baseline: optional(record(metric)),
  /** `test/<metric>` on the rows to predict, where their targets are known. */
  test: optional(record(metric)),
  /** 95 % intervals of these by the bootstrap over rows: low and high end. */
  test_intervals: optional(record(nullable(list(number)))),
  /** Rows with a target. */
  test_rows: optional(count),
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
export function taskOf(metrics: RunMetrics): TaskDescription {
  const { folds: _f, cv: _c, oof: _o, seeds: _s, baseline: _b, test: _t, test_intervals: _i, test_rows: _r, ...description } = metrics;
  return description;
}

/** The figures by which runs are compared: `oof/…`, `cv/<metric>/mean|sd`, `baseline/oof/…` and `test/…`. */
export function summaryOf({ oof, cv, baseline, test }: RunMetrics): Readonly<Record<string, number | null>> {
  return {
    ...oof,
    ...Object.fromEntries(Object.entries(cv).flatMap(([name, { mean, sd }]) => [[`cv/${name}/mean`, mean], [`cv/${name}/sd`, sd]])),
    ...baseline,
    ...test,
  };
}

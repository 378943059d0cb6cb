import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readExperiment, type Experiment } from '../config/index.ts';
import type { Environment } from '../core/events.ts';
import { columnOf, readTable } from '../data/table.ts';

/** What the files of a run's folder hold. */

/** How one epoch of a fold went. */
export interface EpochRecord {
  /** Counts from 1. */
  readonly epoch: number;
  /** The rate of the epoch's last step. */
  readonly lr: number;
  readonly seconds: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** How one fold went. */
export interface FoldHistory {
  readonly fold: number;
  readonly best_epoch: number;
  readonly stopped: string;
  readonly epochs: readonly EpochRecord[];
  /** Metrics of the best epoch. */
  readonly best: Readonly<Record<string, number>>;
}

/** `metrics.json`. What is not a number there is null. */
export interface RunMetrics {
  readonly classes: readonly string[];
  readonly folds: readonly FoldHistory[];
  /** Mean and standard deviation (n − 1) over the folds of each best epoch's validation metrics, without the `val/`. */
  readonly cv: Readonly<Record<string, { readonly mean: number; readonly sd: number }>>;
  /** `oof/<metric>` on the out-of-fold predictions of all rows. */
  readonly oof: Readonly<Record<string, number>>;
}

/** `oof.csv`: each row as the model judged it that had not seen it. Labels and predictions are positions in the run's classes. */
export interface OutOfFold {
  readonly ids: readonly string[];
  readonly folds: Int32Array;
  readonly labels: Int32Array;
  readonly predictions: Int32Array;
  /** [rows] of the second class for two classes, otherwise row-major [rows, classes]. */
  readonly probabilities: Float64Array;
}

/** A run that has been evaluated, as its folder tells it. */
export interface EvaluatedRun {
  readonly name: string;
  readonly folder: string;
  readonly experiment: Experiment;
  readonly metrics: RunMetrics;
  readonly environment: Environment;
  readonly outOfFold: OutOfFold;
}

/** Reads what the evaluation of a run has left in its folder. Throws where a file is missing or damaged. */
export async function readEvaluatedRun(folder: string): Promise<EvaluatedRun> {
  const json = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
  const metrics = json<RunMetrics>('metrics.json');
  return {
    name: basename(folder),
    folder,
    experiment: readExperiment(join(folder, 'config.yaml')),
    metrics,
    environment: json<Environment>('environment.json'),
    outOfFold: await readOutOfFold(join(folder, 'oof.csv'), metrics.classes),
  };
}

async function readOutOfFold(path: string, classes: readonly string[]): Promise<OutOfFold> {
  const table = await readTable(path);
  const column = (name: string): readonly string[] => columnOf(table, name) ?? [];
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const labelled = (name: string): Int32Array => Int32Array.from(column(name), (value) => labelOf.get(value) ?? -1);
  // Between the target and the prediction stand the probabilities, one column or one a class, in the order of the classes.
  const probabilities = table.rows.flatMap((row) => row.slice(3, -1).map(Number));
  return {
    ids: column('id'),
    folds: Int32Array.from(column('fold'), Number),
    labels: labelled('target'),
    predictions: labelled('prediction'),
    probabilities: Float64Array.from(probabilities),
  };
}

import { basename, join } from 'node:path';
import { readExperiment, type Experiment } from '../config/index.ts';
import { environment, type Environment } from '../core/environment.ts';
import { readJsonInput, unreadable } from '../core/inputs.ts';
import { fileInside } from '../core/inside.ts';
import { cut } from '../core/shapes.ts';
import { columnOf, readTable } from '../data/table.ts';
import { throwIfResultsChanged } from './recorded-files.ts';
import { readMetrics, type RunMetrics } from './run-metrics.ts';

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

/** Reads what the evaluation of a run has left in its folder. Throws where a file is missing, damaged, or not as the run left it. */
export async function readEvaluatedRun(folder: string): Promise<EvaluatedRun> {
  await throwIfResultsChanged(folder, ['config.yaml', 'metrics.json', 'oof.csv']);
  const metrics = readMetrics(folder);
  if (metrics === null) throw unreadable(join(folder, 'metrics.json'), 'there is no such file');
  return {
    name: basename(folder),
    folder,
    experiment: readExperiment(fileInside(folder, 'config.yaml')),
    metrics,
    environment: readJsonInput(fileInside(folder, 'environment.json'), environment),
    outOfFold: await readOutOfFold(fileInside(folder, 'oof.csv'), metrics.classes),
  };
}

async function readOutOfFold(path: string, classes: readonly string[]): Promise<OutOfFold> {
  const table = await readTable(path);
  const column = (name: string): readonly string[] => columnOf(table, name) ?? [];
  const width = classes.length === 2 ? 1 : classes.length;
  const isWhole = table.columns.length === width + 4 && table.columns.slice(0, 3).join() === 'id,fold,target' && table.columns.at(-1) === 'prediction';
  if (!isWhole) throw unreadable(path, 'its columns are not id, fold, target, a probability each, and prediction');
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const numbered = (name: string, numberOf: (value: string) => number, what: string): number[] =>
    column(name).map((value, row) => {
      const number = numberOf(value);
      if (Number.isInteger(number) && number >= 0) return number;
      throw unreadable(path, `the ${name} in line ${table.lines[row]} is ${JSON.stringify(cut(value))}, not ${what}`);
    });
  const labelled = (name: string): Int32Array => Int32Array.from(numbered(name, (value) => labelOf.get(value) ?? NaN, "one of the run's classes"));
  // Between the target and the prediction stand the probabilities, one column or one a class, in the order of the classes.
  const probabilities = table.rows.flatMap((row, i) =>
    row.slice(3, -1).map((value) => {
      const p = Number(value);
      if (value.trim() !== '' && p >= 0 && p <= 1) return p;
      throw unreadable(path, `a probability in line ${table.lines[i]} is ${JSON.stringify(cut(value))}`);
    }),
  );
  return {
    ids: column('id'),
    folds: Int32Array.from(numbered('fold', Number, 'the number of a fold')),
    labels: labelled('target'),
    predictions: labelled('prediction'),
    probabilities: Float64Array.from(probabilities),
  };
}

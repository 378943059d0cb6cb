import { basename, join } from 'node:path';
import { readExperiment, type Experiment } from '../config/index.ts';
import { environment, type Environment } from '../core/environment.ts';
import { readJsonInput, unreadable } from '../core/inputs.ts';
import { fileInside } from '../core/inside.ts';
import { shortened } from '../core/text.ts';
import { columnOf, readTable } from '../data/tables/index.ts';
import { openTask, readPredictions, readTargets, taskProblem, type OutOfFold, type Task } from '../tasks/index.ts';
import { throwIfResultsChanged } from './recorded-files.ts';
import { readMetrics, taskOf, type RunMetrics } from './run-metrics.ts';

/** A run that has been evaluated, as its folder describes it. */
export interface EvaluatedRun {
  readonly name: string;
  readonly folder: string;
  readonly experiment: Experiment;
  readonly metrics: RunMetrics;
  readonly task: Task;
  readonly environment: Environment;
  /** `oof.csv` */
  readonly outOfFold: OutOfFold;
}

/** Reads what the evaluation of a run has left in its folder. Throws where a file is missing, damaged, or not as the run left it. */
export async function readEvaluatedRun(folder: string): Promise<EvaluatedRun> {
  await throwIfResultsChanged(folder, ['config.yaml', 'metrics.json', 'oof.csv']);
  const metrics = readMetrics(folder);
  if (metrics === null) throw unreadable(join(folder, 'metrics.json'), 'there is no such file');
  const description = taskOf(metrics);
  const wrong = taskProblem(description, 'metrics');
  if (wrong !== undefined) throw unreadable(join(folder, 'metrics.json'), wrong);
  const task = openTask(description);
  return {
    name: basename(folder),
    folder,
    experiment: readExperiment(fileInside(folder, 'config.yaml')),
    metrics,
    task,
    environment: readJsonInput(fileInside(folder, 'environment.json'), environment),
    outOfFold: await readOutOfFold(fileInside(folder, 'oof.csv'), task),
  };
}

async function readOutOfFold(path: string, { columns }: Task): Promise<OutOfFold> {
  const table = await readTable(path);
  const first = ['id', 'fold', ...columns.targets];
  const isWhole =
    table.columns.length === first.length + columns.predictions.length &&
    table.columns.slice(0, first.length).join() === first.join() &&
    table.columns.at(-1) === columns.predictions.at(-1);
  if (!isWhole) throw unreadable(path, `its columns are not ${[...first, ...columns.predictions].join(', ')}`);
  const folds = (columnOf(table, 'fold') ?? []).map((value, row) => {
    // A row that several repeats have validated counts to the first of its folds.
    if (/^\d{1,9}( \d{1,9})*$/.test(value)) return Number(value.split(' ', 1)[0]);
    throw unreadable(path, `the fold in line ${table.lines[row]} is ${JSON.stringify(shortened(value))}, not the number of a fold`);
  });
  return {
    ids: columnOf(table, 'id') ?? [],
    folds: Int32Array.from(folds),
    targets: readTargets(table, columns, 2),
    predictions: readPredictions(table, columns, first.length),
  };
}

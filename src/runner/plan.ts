import type { Experiment, LoadedExperiment } from '../config/index.ts';
import { readTestExamples, readTrainExamples } from '../data/examples.ts';
import { assignFolds } from '../data/folds.ts';
import { prepareRun, type PreparedRun, type RunnerOptions } from './prepare.ts';
import type { Task } from './task-graph.ts';

export interface TaskPlan {
  readonly id: string;
  readonly stage: string;
  readonly fold?: number;
  readonly key: string;
  /** True where the cache holds the output, so that nothing will be carried out. */
  readonly cached: boolean;
  /** What it amounts to, such as `1905 steps: 3 epochs of 635`. */
  readonly detail: readonly string[];
}

export interface ExperimentPlan {
  readonly experiment: Experiment;
  readonly run: string;
  readonly folder: string;
  readonly device: string;
  readonly tasks: readonly TaskPlan[];
  /** Steps of all folds and epochs, whether cached or not; stopping rules can only make them fewer. */
  readonly totals: { readonly steps: number; readonly folds: number; readonly epochs: number; readonly rows: number; readonly testRows: number };
}

/** What a run would do, without doing it: every task, whether it is cached, and the exact number of steps. */
export async function planExperiment(loaded: LoadedExperiment, options: RunnerOptions): Promise<ExperimentPlan> {
  const prepared = await prepareRun(loaded, options);
  const { experiment, run, folder, device, tasks, cache, forced } = prepared;
  const sizes = await dataSizes(prepared);
  const epochSteps = sizes.trainRowsOfFold.map((rows) => Math.ceil(rows / experiment.training.batch_size));
  const { epochs } = experiment.training;
  return {
    experiment,
    run,
    folder,
    device,
    tasks: tasks.map((task) => ({
      id: task.id,
      stage: task.stage.name,
      ...(task.fold === undefined ? {} : { fold: task.fold }),
      key: task.key,
      cached: cache.has(task.stage.name, task.key) && !forced.has(task.id),
      detail: detailOf(task, experiment, sizes, epochSteps),
    })),
    totals: {
      steps: epochSteps.reduce((total, steps) => total + steps * epochs, 0),
      folds: experiment.split.folds,
      epochs,
      rows: sizes.rows,
      testRows: sizes.testRows,
    },
  };
}

interface DataSizes {
  readonly rows: number;
  readonly testRows: number;
  readonly trainRowsOfFold: readonly number[];
}

async function dataSizes({ experiment }: PreparedRun): Promise<DataSizes> {
  const { data, split, seed } = experiment;
  const { labels, classes } = await readTrainExamples(data.train, data);
  const foldOf = assignFolds(labels, { ...split, seed: split.seed ?? seed, classes });
  const testRows = data.test === null ? 0 : (await readTestExamples(data.test, data)).texts.length;
  const trainRowsOfFold = Array.from({ length: split.folds }, (_, fold) => foldOf.filter((of) => of !== fold).length);
  return { rows: labels.length, testRows, trainRowsOfFold };
}

function detailOf(task: Task, experiment: Experiment, sizes: DataSizes, epochSteps: readonly number[]): readonly string[] {
  const { rows, testRows, trainRowsOfFold } = sizes;
  switch (task.stage.name) {
    case 'tokenize':
    case 'encode':
      return [`${rows + testRows} texts`];
    case 'split':
      return [`${experiment.split.folds} folds of ${rows} rows`];
    case 'train': {
      const fold = task.fold ?? 0;
      const [steps, { epochs, early_stopping: stopping }] = [epochSteps[fold] ?? 0, experiment.training];
      const total = `${stopping === null ? '' : 'at most '}${steps * epochs} steps: ${epochs} epochs of ${steps}`;
      return [total, `${trainRowsOfFold[fold] ?? 0} rows, validated on ${rows - (trainRowsOfFold[fold] ?? 0)}`];
    }
    case 'predict':
      return [`${testRows} texts by ${experiment.split.folds} models`];
    default:
      return [];
  }
}

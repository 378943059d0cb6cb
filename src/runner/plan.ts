import type { Experiment, LoadedExperiment } from '../config/index.ts';
import { batchCount } from '../data/batches.ts';
import { counted } from '../data/problems.ts';
import { checkData, type DataSizes } from './check-data.ts';
import { choiceInWords } from './devices.ts';
import { prepareRun, type PreparedRun, type RunnerOptions } from './prepare.ts';
import { reasonsToMake } from './reasons.ts';
import { addressOf, trainedFolds, type Task } from './task-graph.ts';

export interface TaskPlan {
  readonly id: string;
  readonly stage: string;
  readonly fold?: number;
  readonly key: string;
  /** True where the cache holds the output, so that nothing will be carried out. */
  readonly cached: boolean;
  /** Why it will be carried out, as sentences; empty where it is cached. */
  readonly why: readonly string[];
  /** What it amounts to, such as `1905 steps: 3 epochs of 635`. */
  readonly detail: readonly string[];
}

export interface ExperimentPlan {
  readonly experiment: Experiment;
  readonly run: string;
  readonly folder: string;
  readonly device: string;
  /** Which device, and why no better one. */
  readonly deviceInWords: string;
  readonly tasks: readonly TaskPlan[];
  /** Steps of all folds and epochs, whether cached or not; stopping rules can only make them fewer. */
  readonly totals: { readonly steps: number; readonly folds: number; readonly epochs: number; readonly rows: number; readonly testRows: number };
}

/** What a run would do, without doing it: every task, whether it is cached, and the exact number of steps. */
export async function planExperiment(loaded: LoadedExperiment, options: RunnerOptions): Promise<ExperimentPlan> {
  const prepared = await prepareRun(loaded, options);
  const { experiment, tasks } = prepared;
  const { run, folder } = prepared.place();
  const sizes = await checkData(experiment);
  const epochSteps = sizes.trainRowsOfFold.map((rows) => batchCount(rows, experiment.training.batch_size));
  const { epochs } = experiment.training;
  const why = await Promise.all(tasks.map((task) => whyCarryOut(task, prepared)));
  return {
    experiment,
    run,
    folder,
    device: prepared.device,
    deviceInWords: choiceInWords(prepared.deviceChoice),
    tasks: tasks.map((task, i) => ({
      id: task.id,
      stage: task.stage.name,
      ...(task.fold === undefined ? {} : { fold: task.fold }),
      key: task.key,
      cached: why[i]?.length === 0,
      why: why[i] ?? [],
      detail: detailOf(task, experiment, sizes, epochSteps),
    })),
    totals: {
      steps: trainedFolds(experiment).reduce((total, fold) => total + (epochSteps[fold] ?? 0) * epochs, 0),
      folds: trainedFolds(experiment).length,
      epochs,
      rows: sizes.rows,
      testRows: sizes.testRows ?? 0,
    },
  };
}

async function whyCarryOut(task: Task, { cache, forced }: PreparedRun): Promise<readonly string[]> {
  if (forced.has(task.id)) return ['asked for with --force'];
  const state = await cache.inspect(addressOf(task));
  if (state.kind === 'broken') return [`its entry in the cache is broken: ${state.problem}`];
  return state.kind === 'sound' ? [] : reasonsToMake(task.parts, cache.manifests(task.stage.name), task.files);
}

function detailOf(task: Task, experiment: Experiment, sizes: DataSizes, epochSteps: readonly number[]): readonly string[] {
  const { rows, trainRowsOfFold } = sizes;
  const testRows = sizes.testRows ?? 0;
  switch (task.stage.name) {
    case 'tokenize':
    case 'encode':
      return [`${rows + testRows} texts`];
    case 'split':
      return [`${experiment.split.folds} folds of ${rows} rows`];
    case 'train': {
      const fold = task.fold ?? 0;
      const [steps, { epochs, early_stopping: stopping }] = [epochSteps[fold] ?? 0, experiment.training];
      const total = `${stopping === null ? '' : 'at most '}${counted(steps * epochs, 'step')}: ${counted(epochs, 'epoch')} of ${steps}`;
      return [total, `${trainRowsOfFold[fold] ?? 0} rows, validated on ${rows - (trainRowsOfFold[fold] ?? 0)}`];
    }
    case 'predict':
      return [`${testRows} texts by ${trainedFolds(experiment).length} models`];
    default:
      return [];
  }
}

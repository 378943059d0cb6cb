import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { isHubName } from '../../core/hub-name.ts';
import { statsOf } from '../../core/inputs.ts';
import { nearest } from '../../core/nearest.ts';
import { modelIdOf, modelName, type ModelId } from '../../core/model-name.ts';
import { resolveModel, type DownloadProgress } from '../../data/hub/index.ts';
import type { Truncation } from '../../data/tokenizer/index.ts';
import { modelFolders, trainedModels } from '../models/predict.ts';
import { readRun, runNames, threadsOf, type StoredRun } from '../stored/runs.ts';

/** Which models classify, and as what they were trained. */
export interface FoundModels {
  readonly kind: 'run' | 'folder' | 'hub';
  /** The run's name, the folder, or the hub's name. */
  readonly name: string;
  /** Directories or ONNX files, whose predictions are averaged, and what they are called. */
  readonly models: readonly { readonly name: string; readonly path: string }[];
  readonly run?: StoredRun;
  /** Whether they are those that the run predicts with, and none was chosen. */
  readonly isWhole?: boolean;
  readonly threads: number;
  readonly batchSize: number;
  readonly truncation: Truncation;
  /** Whether they take two texts together; null where nothing says so. */
  readonly pairs: boolean | null;
}

export interface FindOptions {
  /** The folder of the runs. */
  readonly artifacts: string;
  readonly folds?: readonly (number | 'all')[];
  /** Of a model on the hub. */
  readonly revision?: string;
  readonly signal?: AbortSignal;
  readonly onDownload: (progress: DownloadProgress) => void;
}

/** What is not said is as experiments have it by default. */
const USUAL = { batchSize: 64, truncation: 'longest_first' } as const;

/**
 * The models of a run, by its name or folder; one of them, by its folder; a model directory or an ONNX file; or a model on the hub, fetched
 * where it is not in the cache. Throws a usage error where there is nothing of that name, and as `readRun` and `resolveModel` do.
 */
export async function findModels(given: string, options: FindOptions): Promise<FoundModels> {
  if (runNames(options.artifacts).includes(given)) return modelsOfRun(readRun(options.artifacts, given), options.folds);
  const path = resolve(given);
  const stats = statsOf(path);
  if (stats?.isDirectory() === true && isRunFolder(path)) return modelsOfRun(readRun(options.artifacts, path), options.folds);
  const one = stats?.isDirectory() === true ? modelIdOf(basename(path)) : undefined;
  const home = dirname(dirname(path));
  if (one !== undefined && basename(dirname(path)) === 'models' && isRunFolder(home)) {
    throwIfFolds(given, options);
    return ofRun(readRun(options.artifacts, home), [one]);
  }
  if (stats !== undefined) {
    throwIfFolds(given, options);
    return alone('folder', given, path);
  }
  // A misspelt run is no reason to ask the hub.
  const isMisspelt = !given.includes('/') && nearest(given, runNames(options.artifacts)) !== undefined;
  if (!isHubName(given) || isMisspelt) throw nothing(given, options);
  throwIfFolds(given, options);
  const { revision = 'main', signal, onDownload: onProgress } = options;
  try {
    const folder = await resolveModel(given, { revision, weights: true, onProgress, ...(signal === undefined ? {} : { signal }) });
    return alone('hub', given, folder);
  } catch (error) {
    if (error instanceof OrtrainError && error.code === 'data' && !given.includes('/')) throw nothing(given, options, error);
    throw error;
  }
}

function alone(kind: 'folder' | 'hub', name: string, path: string): FoundModels {
  return { kind, name, models: [{ name, path }], threads: availableParallelism(), pairs: null, ...USUAL };
}

function modelsOfRun(run: StoredRun, folds: FindOptions['folds']): FoundModels {
  if (folds === undefined)
    return { ...ofRun(run, modelFolders(run).map((folder) => modelIdOf(basename(folder)) ?? { fold: 'all' })), isWhole: true };
  const trained = trainedModels(run);
  const missing = folds.filter((fold) => !trained.some((model) => model.fold === fold));
  if (missing.length > 0 || folds.length === 0)
    throw new OrtrainError('usage', missing.length > 0 ? `run ${run.name} has no model of fold ${missing.join(', ')}` : 'folds is empty', {
      subject: 'folds',
      remedy: `Its models are of ${[...new Set(trained.map(({ fold }) => (fold === 'all' ? "'all'" : fold)))].join(', ')}.`,
    });
  return ofRun(run, trained.filter(({ fold }) => folds.includes(fold)));
}

function ofRun(run: StoredRun, ids: readonly ModelId[]): FoundModels {
  const { data, model, training } = run.experiment;
  return {
    kind: 'run',
    name: run.name,
    models: ids.map((id) => ({ name: modelName(id), path: join(run.folder, 'models', modelName(id)) })),
    run,
    threads: threadsOf(run),
    batchSize: training.eval_batch_size,
    truncation: model.truncation,
    pairs: typeof data.text !== 'string' && data.text.length === 2,
  };
}

function isRunFolder(folder: string): boolean {
  return ['config.yaml', 'journal.jsonl'].every((name) => existsSync(join(folder, name)));
}

function throwIfFolds(given: string, { folds }: FindOptions): void {
  if (folds === undefined) return;
  throw new OrtrainError('usage', `${given} is one model, and has no folds`, {
    subject: 'folds',
    remedy: 'Leave folds out, or name the run.',
  });
}

function nothing(given: string, { artifacts }: FindOptions, cause?: unknown): OrtrainError {
  const [names, runs] = [runNames(artifacts), resolve(artifacts, 'runs')];
  const near = nearest(given, names);
  const there = names.length === 0 ? `There are no runs in ${runs}.` : `The runs in ${runs} are ${names.join(', ')}.`;
  const nowhere = cause === undefined ? '' : ', and no model of that name on the hub';
  return new OrtrainError('usage', `there is no run, directory or file ${given}${nowhere}`, {
    subject: given,
    remedy: near === undefined ? there : `Did you mean ${near}?`,
    cause,
  });
}

import { basename, join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { modelIdOf, type ModelId } from '../../core/model-name.ts';
import { modelHistories } from '../../tracking/index.ts';
import { modelFolders, trainedModels } from '../models/predict.ts';
import type { StoredRun } from '../stored/runs.ts';
import type { ExportRequest, What } from './request.ts';

/** The models that become one. */
export interface Chosen {
  readonly what: What;
  readonly models: readonly ModelId[];
}

/** What is asked for, or what the run predicts with. Throws a usage error for models that the run does not have. */
export function chosenModels(run: StoredRun, request: ExportRequest): Chosen {
  const { what, format, fold, seed } = request;
  if (what === 'ensemble') return ensemble(run, request);
  if (what === 'all' || (what === undefined && fold === 'all')) return ofAllRows(run, request);
  if (what === 'fold' && fold === 'all')
    throw contradiction('--what fold', '--fold all', 'Name a fold by its number, or export --what all.');
  const predicting = predictingModels(run);
  const isAsked = what === 'fold' || fold !== undefined || seed !== undefined;
  if (!isAsked && (predicting.length === 1 || format === 'onnx')) return { what: nameOf(predicting), models: predicting };
  return { what: 'fold', models: [bestOfAsked(run, request)] };
}

/** The models whose mean the run predicts with. */
export function predictingModels(run: StoredRun): readonly ModelId[] {
  return modelFolders(run).map((folder) => modelIdOf(basename(folder))!);
}

function nameOf(models: readonly ModelId[]): What {
  if (models.every(({ fold }) => fold === 'all')) return 'all';
  return models.length === 1 ? 'fold' : 'ensemble';
}

function ensemble(run: StoredRun, { format, fold, seed }: ExportRequest): Chosen {
  if (fold !== undefined || seed !== undefined) {
    const flag = fold === undefined ? '--seed' : '--fold';
    throw contradiction('--what ensemble', flag, `Leave ${flag} out: an ensemble holds all models that the run predicts with.`);
  }
  if (format === 'huggingface')
    throw contradiction(
      '--what ensemble',
      '--format huggingface',
      'A Hugging Face model directory holds one model: export --what fold or --what all, or the ensemble as ONNX.',
    );
  const predicting = predictingModels(run);
  const models = nameOf(predicting) === 'ensemble' ? predicting : trainedModels(run).filter((model) => model.fold !== 'all');
  if (models.length > 1) return { what: 'ensemble', models };
  throw new OrtrainError('usage', `run ${run.name} has one model of a fold, and no others to average it with`, {
    subject: '--what',
    remedy: 'Leave --what out to export that model.',
  });
}

function ofAllRows(run: StoredRun, { format, fold, seed }: ExportRequest): Chosen {
  if (fold !== undefined && fold !== 'all') throw contradiction('--what all', `--fold ${fold}`, 'Leave one of them out.');
  const trained = trainedModels(run);
  const all = trained.filter((model) => model.fold === 'all');
  if (all.length === 0) {
    const folds = [...new Set(trained.map((model) => model.fold))].join(', ');
    throw new OrtrainError('usage', `run ${run.name} has no model of all rows`, {
      subject: fold === undefined ? '--what' : '--fold',
      remedy: `Its folds are ${folds}. training.refit: true trains a model of all rows.`,
    });
  }
  const models = all.filter((model) => seed === undefined || model.seed === seed);
  if (models.length === 0) throw noSuch(run, `seed ${seed}`, '--seed', 'seeds', all.flatMap((model) => model.seed ?? []));
  if (models.length === 1 || format === 'onnx') return { what: 'all', models };
  throw new OrtrainError('usage', `run ${run.name} has ${models.length} models of all rows, and a Hugging Face model directory holds one`, {
    subject: '--seed',
    remedy: `Name one by --seed: ${models.map((model) => model.seed).join(', ')}.`,
  });
}

/** The fold's model that is asked for; of those that would do the best by the monitored metric. */
function bestOfAsked(run: StoredRun, { fold, seed }: ExportRequest): ModelId {
  const all = trainedModels(run);
  const asked = all.filter((model) => (fold === undefined ? model.fold !== 'all' : model.fold === fold));
  if (asked.length === 0) throw noSuch(run, fold === undefined ? 'model of a fold' : `fold ${fold}`, '--fold', 'folds', foldsOf(all));
  const found = asked.filter((model) => seed === undefined || model.seed === seed);
  if (found.length === 0) throw noSuch(run, `seed ${seed}`, '--seed', 'seeds', asked.flatMap((model) => model.seed ?? []));
  const [only] = found;
  return found.length === 1 && only !== undefined ? only : bestOf(run, found);
}

function foldsOf(models: readonly ModelId[]): readonly (number | string)[] {
  return models.map((model) => model.fold);
}

function noSuch(run: StoredRun, what: string, flag: string, kind: string, there: readonly (number | string)[]): OrtrainError {
  const remedy = there.length === 0 ? `It has no ${kind}: leave ${flag} out.` : `Its ${kind} are ${[...new Set(there)].join(', ')}.`;
  return new OrtrainError('usage', `run ${run.name} has no ${what}`, { subject: flag, remedy });
}

function contradiction(one: string, other: string, remedy: string): OrtrainError {
  return new OrtrainError('usage', `${one} and ${other} do not go together`, { subject: other.split(' ')[0]!, remedy });
}

function bestOf(run: StoredRun, models: readonly ModelId[]): ModelId {
  const { monitor, mode } = run.experiment.training.best_model;
  const sign = mode === 'max' ? 1 : -1;
  const isAsked = ({ fold, seed }: ModelId): boolean => models.some((model) => model.fold === fold && model.seed === seed);
  const scores = modelHistories(run.metrics?.folds ?? [])
    .filter(isAsked)
    .map(({ fold, seed, best }) => ({ fold, seed, score: sign * (best[monitor] ?? -Infinity) }));
  const [first, ...rest] = scores;
  if (first !== undefined) return rest.reduce((best, other) => (other.score > best.score ? other : best), first);
  throw new OrtrainError('usage', `run ${run.name} has not been evaluated, so no fold is the best yet`, {
    subject: run.name,
    remedy: `Resume it with: pipeline run ${join(run.folder, 'config.yaml')}`,
  });
}

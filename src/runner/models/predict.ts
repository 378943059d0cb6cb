import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { interrupted, OrtrainError } from '../../core/errors.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import { isThere } from '../../core/files.ts';
import { folderInside } from '../../core/inside.ts';
import { byModel, modelIdOf, modelName, type ModelId } from '../../core/model-name.ts';
import { beyondProblems, encodeTexts, loadTokenizer, readVocabulary, unknownToModel, type TokenSet } from '../../data/tokens/index.ts';
import type { Text } from '../../data/texts/index.ts';
import { tokenizerFiles } from '../../data/tokenizer/index.ts';
import type { Device } from '../../engine/runtime/index.ts';
import { ensemblePredictions, readModelFolder } from '../../training/index.ts';
import type { Predictions, Task } from '../../tasks/index.ts';
import { choiceInWords, chooseDevice, deviceFailure, type AskedDevice, type PassedOver } from '../machine/devices.ts';
import { predictionsInProcess } from '../workers/predict-process.ts';
import { withFewerRows } from './fewer-rows.ts';
import { threadsOf, type StoredRun } from '../stored/runs.ts';
import { verifyModels } from './verify-models.ts';

export interface TextPredictions {
  readonly task: Task;
  /** The mean over the run's models. */
  readonly predictions: Predictions;
}

export interface PredictOptions {
  /** The CPU where it is left out. */
  readonly device?: AskedDevice;
  /** Finds the device; `chooseDevice` where it is left out. */
  readonly choose?: typeof chooseDevice;
  /** Those that the run was configured for where it is left out. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/**
 * Classifies new texts with the models of a run. Throws a usage error where the run has none, a `data`
 * error where one is not as the run left it, and as `chooseDevice` does.
 */
export async function predictTexts(
  run: StoredRun,
  texts: readonly Text[],
  options: PredictOptions,
  listen: Listener<StageEvent>,
): Promise<TextPredictions> {
  const models = modelFolders(run);
  await verifyModels(run, models, 'all', options.signal);
  const [first = ''] = models;
  const tokenizer = await loadTokenizer(tokenizerFiles(first));
  const { task, encoder, max_seq_length: maxLength } = readModelFolder(first);
  const threads = options.threads ?? threadsOf(run);
  const onProgress = (done: number): void => {
    if (options.signal?.aborted === true) throw interrupted();
    listen({ type: 'progress', done, total: texts.length, unit: 'texts' });
  };
  const { truncation } = run.experiment.model;
  const tokens = await encodeTexts(tokenizer, texts, maxLength, { threads, onProgress, truncation });
  const vocabulary = readVocabulary(tokenizer.files);
  const unknown = beyondProblems({ tokens, place: (row) => ({ row: row + 1, name: `text ${row + 1}` }) }, vocabulary, encoder.vocabSize);
  if (unknown.length > 0) {
    const remedy =
      'Leave these tokens out of the texts, or train with model.resize_embeddings: true, which gives the model an embedding for each.';
    throw unknownToModel(`the model of ${run.name}`, encoder.vocabSize, unknown, remedy);
  }
  const work = { models, tokens, threads, batchSize: run.experiment.training.eval_batch_size };
  return { task, predictions: await onBestDevice(options, work, listen) };
}

interface Work {
  readonly models: readonly string[];
  readonly tokens: TokenSet;
  readonly threads: number;
  readonly batchSize: number;
}

/** A device that fails with the models is left for the next where `auto` chose it. */
async function onBestDevice(options: PredictOptions, work: Work, listen: Listener<StageEvent>): Promise<Predictions> {
  const { device: asked = 'cpu', choose = chooseDevice, signal } = options;
  for (let failed: PassedOver = {}; ;) {
    const choice = await choose(asked, failed);
    const { device } = choice;
    if (device === 'cpu') return predictOn(device, work, signal, listen);
    listen({ type: 'notice', level: 'info', message: choiceInWords(choice) });
    try {
      return await predictOn(device, work, signal, listen);
    } catch (error) {
      const failure = asked === 'auto' ? deviceFailure(error, device) : undefined;
      if (failure === undefined) throw error;
      listen({ type: 'notice', level: 'warning', message: `${failure}; continues without ${device}` });
      failed = { ...failed, [device]: failure };
    }
  }
}

function predictOn(device: Device, work: Work, signal: AbortSignal | undefined, listen: Listener<StageEvent>): Promise<Predictions> {
  const predict = (batchSize: number): Promise<Predictions> => {
    const order = { ...work, device, batchSize };
    if (device !== 'cpu') return predictionsInProcess(order, signal, listen);
    return ensemblePredictions(work.models, { kind: 'tokens', tokens: work.tokens }, order, (done, total) => {
      if (signal?.aborted === true) throw interrupted();
      listen({ type: 'progress', done, total, unit: 'texts' });
    });
  };
  return withFewerRows(work.batchSize, device, predict, (message) => listen({ type: 'notice', level: 'warning', message }));
}

/** The models whose mean predicts: of the folds, by fold and seed, or of all rows. Throws a usage error where there is none. */
export function modelFolders(run: StoredRun): readonly string[] {
  const { models = 'folds' } = run.experiment.prediction;
  const used = trainedModels(run).filter(({ fold }) => models === 'both' || (fold === 'all') === (models === 'all'));
  if (used.length === 0) throw untrained(run);
  return used.map((model) => folderInside(run.folder, `models/${modelName(model)}`));
}

/** The models that a run's folder has, by fold and seed. Throws a usage error where there is none. */
export function trainedModels(run: StoredRun): readonly ModelId[] {
  const root = join(run.folder, 'models');
  const names = isThere(folderInside(run.folder, 'models')) ? readdirSync(root) : [];
  const models = names.flatMap((name) => modelIdOf(name) ?? []);
  if (models.length === 0) throw untrained(run);
  return models.sort(byModel);
}

function untrained(run: StoredRun): OrtrainError {
  return new OrtrainError('usage', `run ${run.name} has no trained model yet`, {
    subject: run.name,
    remedy: `It is ${run.status}; resume it with: pipeline run ${join(run.folder, 'config.yaml')}`,
  });
}

import { join } from 'node:path';
import { isUsualLoss, usualLoss, type Experiment } from '../config/index.ts';
import type { FoldRows } from '../data/folds/index.ts';
import { tokenizerFiles } from '../data/tokenizer/index.ts';
import type { EncoderConfig, Pooling } from '../engine/models/index.ts';
import type { Precision } from '../engine/precision.ts';
import {
  encoderFiles,
  featureSource,
  fit,
  initialWeights,
  modelFolderFiles,
  openCheckpoints,
  openClassifier,
  stateSource,
  tokenSource,
  trainedPart,
  writeModelFolder,
  type BatchSource,
  type FitResult,
  type Freezing,
  type Sharing,
  type TrainedPart,
} from '../training/index.ts';
import { withLoss } from '../tasks/index.ts';
import { MODEL_FOLDER, throwUnlessAligned } from './outputs.ts';
import type { Inputs, Picked, ResolvedModel, StageContext } from './stage.ts';

export interface TrainingParams {
  readonly model: Pick<Experiment['model'], 'weights' | 'resize_embeddings' | 'freeze_encoder' | 'head' | 'max_seq_length'> & {
    /** Absent where it is `default`, so that what was trained before there was a choice is still found. */
    readonly pooling?: Pooling;
    /** Absent where nothing is frozen by it. */
    readonly freeze?: Freezing['model']['freeze'];
  };
  /** `micro_batch` only where it cuts a batch: otherwise it changes nothing. */
  readonly training: Omit<Experiment['training'], 'eval_batch_size' | 'precision' | 'seeds' | 'refit' | keyof Later> & Partial<Later>;
  /** Absent where it is float32, so that what was trained before there was a choice is still found. */
  readonly precision?: Exclude<Precision, 'float32'>;
  readonly seed: number;
}

/** Keys that are left out at their defaults, so that what was trained before there were any is still found. */
type Later = Pick<Experiment['training'], 'micro_batch' | 'layer_decay' | 'head_lr' | 'ema' | 'loss'>;

export type Files = Readonly<Record<string, string>>;

/** What the training of a model depends on. */
export function pickTraining(experiment: Experiment, { modelFolder, precision }: ResolvedModel): Picked<TrainingParams, Files> {
  const { model, training: all, seed } = experiment;
  const { eval_batch_size: _speed, precision: _asked, seeds: _all, refit: _more, ...others } = all;
  const { micro_batch: micro, layer_decay, head_lr, ema, loss, ...ofTraining } = others;
  return {
    params: {
      model: {
        weights: model.weights,
        resize_embeddings: model.resize_embeddings,
        freeze_encoder: model.freeze_encoder,
        ...(model.pooling === 'default' ? {} : { pooling: model.pooling }),
        ...freezingOf(model.freeze),
        head: model.head,
        max_seq_length: model.max_seq_length,
      },
      training: {
        ...ofTraining,
        ...(micro === null || micro >= ofTraining.batch_size ? {} : { micro_batch: micro }),
        ...(layer_decay === 1 ? {} : { layer_decay }),
        ...(head_lr === null ? {} : { head_lr }),
        ...(ema === null ? {} : { ema }),
        ...(isUsualLoss(loss) ? {} : { loss }),
      },
      ...(precision === 'float32' ? {} : { precision }),
      seed,
    },
    files: { ...encoderFiles(modelFolder, model), ...tokenizerFiles(modelFolder) },
  };
}

/** The files of its directory. */
export function trainedFiles({ model }: Experiment, hasFeatures: boolean, files: readonly string[]): readonly string[] {
  return modelFolderFiles(model.pooling, sharingOf(model, hasFeatures), files).map((name) => `${MODEL_FOLDER}/${name}`);
}

/** What a model is trained on, of which the features are there if something is frozen. */
type TrainingInputs = Inputs<{ readonly examples: 'source'; readonly tokens: 'one'; readonly features: 'optional' }>;

type Context = Omit<StageContext<TrainingParams, Files>, 'inputs'> & { readonly inputs: TrainingInputs };

/** The rows of one model. */
interface ModelRows extends FoldRows {
  /** Decides its head's first values, its dropout and the order of its rows. */
  readonly seed: number;
  /** Where nothing validates it, the epochs that it is trained for. */
  readonly epochs?: number;
}

/** Trains a model on rows and writes its directory. */
export async function trainModel(context: Context, { train: trainRows, validation, seed: own, epochs }: ModelRows): Promise<FitResult> {
  const { params, files, inputs, output, device, threads, partial, logEvery, evalBatchSize, pauseAfter, emit, stopRequested } = context;
  const { seed } = params;
  const model = { pooling: 'default', freeze: { embeddings: null, layers: 0 }, ...params.model } as const;
  const precision: Precision = params.precision ?? 'float32';
  const later: Later = { micro_batch: null, layer_decay: 1, head_lr: null, ema: null, loss: usualLoss };
  const asked = { ...later, ...params.training, eval_batch_size: evalBatchSize, precision, seeds: null, refit: false };
  const training = epochs === undefined ? asked : unvalidated(asked, epochs);
  const { labelled: examples } = inputs.examples;
  const [targets, rowWeights] = [examples.targets(), examples.weights()];
  const task = withLoss(inputs.examples.task, training.loss, targets);
  const weights = initialWeights(files, model, seed);
  const { features } = inputs;
  const part = trainedPart({ model, training }, weights.config, features !== undefined);
  const source = sourceOf(inputs, weights.config, part);
  const hasRowWeights = rowWeights !== undefined;
  const classifier = await openClassifier({ weights, model, task, hasRowWeights, part, training, precision, device, threads, seed: own });
  for (const message of classifier.notices) emit({ type: 'notice', level: 'warning', message });
  try {
    const result = await fit({
      trainer: classifier.trainer,
      source,
      task,
      targets,
      rowWeights,
      trainRows,
      validationRows: validation,
      training,
      maxLength: model.max_seq_length,
      seed: own,
      logEvery,
      emit,
      checkpoints: openCheckpoints(partial.folder, partial.everySeconds, partial.claim),
      stopRequested,
      ...(pauseAfter === undefined ? {} : { pauseAfter }),
    });
    writeModelFolder(join(output, MODEL_FOLDER), {
      files,
      config: weights.config,
      source: classifier.values(result.best.parameters),
      task,
      pooling: model.pooling,
      head: model.head,
      max_seq_length: model.max_seq_length,
      ...(features === undefined ? {} : { shared: { file: features.encoderFile, isEncoder: model.freeze_encoder } }),
    });
    return result;
  } finally {
    source.close?.();
    await classifier.trainer.release();
  }
}

/** Without rows that validate, no rule can watch them: the rate follows its schedule over these epochs, and the last one is kept. */
function unvalidated(training: Experiment['training'], epochs: number): Experiment['training'] {
  const { schedule } = training;
  const watchesValidation = schedule.name === 'reduce-on-plateau' && schedule.monitor.startsWith('val/');
  return {
    ...training,
    epochs,
    best_model: { monitor: 'train/loss', mode: 'min' },
    early_stopping: null,
    lr_resets: null,
    ...(watchesValidation ? { schedule: { name: 'constant' } } : {}),
  };
}

/** The rows of the examples, as tokens or as what a frozen encoder makes of them. */
function sourceOf({ examples, tokens, features }: TrainingInputs, encoder: EncoderConfig, { fed }: TrainedPart): BatchSource {
  const source =
    features === undefined
      ? tokenSource(tokens.train(), encoder)
      : fed === 'features'
        ? featureSource(features.train())
        : stateSource({ path: features.states('train'), tokens: tokens.train() }, encoder);
  const stage = features === undefined ? 'tokenize' : 'encode';
  throwUnlessAligned({ stage, rows: source.lengths.length }, { stage: 'examples', rows: examples.labelled.count });
  return source;
}

function sharingOf({ freeze_encoder }: Experiment['model'], isEncoded: boolean): Sharing {
  if (!isEncoded) return 'nothing';
  return freeze_encoder ? 'encoder' : 'layers';
}

/** Frozen embeddings and layers, where there are any; layers stand upon frozen embeddings. */
function freezingOf({ embeddings, layers }: Freezing['model']['freeze']): { readonly freeze?: Freezing['model']['freeze'] } {
  return layers === 0 && embeddings !== true ? {} : { freeze: { embeddings: true, layers } };
}

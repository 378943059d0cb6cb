import { join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { writeJsonAtomic } from '../core/files.ts';
import { seedFor } from '../core/random.ts';
import { rowsIn, rowsOfFold } from '../data/folds/index.ts';
import { tokenizerFiles } from '../data/tokenizer/index.ts';
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
  type Freezing,
  type Sharing,
  type TrainedPart,
} from '../training/index.ts';
import type { EncoderConfig, Pooling } from '../engine/models/index.ts';
import type { Precision } from '../engine/precision.ts';
import type { FoldHistory } from '../tracking/index.ts';
import { HISTORY, MODEL_FOLDER, throwUnlessAligned, VALIDATION, type FoldValidation } from './outputs.ts';
import type { Inputs, Stage } from './stage.ts';

interface Params {
  readonly model: Pick<Experiment['model'], 'weights' | 'resize_embeddings' | 'freeze_encoder' | 'head' | 'max_seq_length'> & {
    /** Absent where it is `default`, so that what was trained before there was a choice is still found. */
    readonly pooling?: Pooling;
    /** Absent where nothing is frozen by it. */
    readonly freeze?: Freezing['model']['freeze'];
  };
  /** `micro_batch` only where it cuts a batch: otherwise it changes nothing. */
  readonly training: Omit<Experiment['training'], 'eval_batch_size' | 'precision' | 'seeds' | keyof Later> & Partial<Later>;
  /** Absent where it is float32, so that what was trained before there was a choice is still found. */
  readonly precision?: Exclude<Precision, 'float32'>;
  readonly seed: number;
}

/** Keys that are left out at their defaults, so that what was trained before there were any is still found. */
type Later = Pick<Experiment['training'], 'micro_batch' | 'layer_decay' | 'head_lr' | 'ema'>;

const needs = { examples: 'source', tokens: 'one', folds: 'one', features: 'optional' } as const;

/** Trains one fold's model from the pretrained weights, afresh, and keeps its best epoch. Output: model. */
export const train: Stage<Params, Readonly<Record<string, string>>, typeof needs> = {
  name: 'train',
  version: 3,
  needs,
  reads: 'training',
  makes: 'model',
  writes: ({ model }, has, files) => [
    HISTORY,
    VALIDATION,
    ...modelFolderFiles(model.pooling, sharingOf(model, has('features')), files).map((name) => `${MODEL_FOLDER}/${name}`),
  ],
  publishes: { [MODEL_FOLDER]: 'models/{fold}' },
  usesDevice: true,
  isSeeded: true,
  pick: ({ model, training: all, seed }, { modelFolder, precision }) => {
    const { eval_batch_size: _speed, precision: _asked, seeds: _all, micro_batch: micro, layer_decay, head_lr, ema, ...ofTraining } = all;
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
        },
        ...(precision === 'float32' ? {} : { precision }),
        seed,
      },
      files: { ...encoderFiles(modelFolder, model), ...tokenizerFiles(modelFolder) },
    };
  },
  async run({ params, files, inputs, output, fold, device, threads, partial, logEvery, evalBatchSize, emit, stopRequested }) {
    const { seed } = params;
    const model = { pooling: 'default', freeze: { embeddings: null, layers: 0 }, ...params.model } as const;
    const precision: Precision = params.precision ?? 'float32';
    const later: Later = { micro_batch: null, layer_decay: 1, head_lr: null, ema: null };
    const training = { ...later, ...params.training, eval_batch_size: evalBatchSize, precision, seeds: null };
    const { task, labelled: examples } = inputs.examples;
    const division = await inputs.folds.division();
    throwUnlessAligned({ stage: 'split', rows: rowsIn(division) }, { stage: 'examples', rows: examples.count });
    const { train: trainRows, validation: validationRows } = rowsOfFold(division, fold);
    const weights = initialWeights(files, model, seed);
    const { features } = inputs;
    const part = trainedPart({ model, training }, weights.config, features !== undefined);
    const source = sourceOf(inputs, weights.config, part);

    const foldSeed = seedFor(seed, 'fold', fold);
    const classifier = await openClassifier({ weights, model, task, part, training, precision, device, threads, seed: foldSeed });
    for (const message of classifier.notices) emit({ type: 'notice', level: 'warning', message });
    try {
      const { epochs, best, stopped } = await fit({
        trainer: classifier.trainer,
        source,
        task,
        targets: examples.targets(),
        trainRows,
        validationRows,
        training,
        maxLength: model.max_seq_length,
        seed: foldSeed,
        logEvery,
        emit,
        checkpoints: openCheckpoints(partial.folder, partial.everySeconds, partial.claim),
        stopRequested,
      });
      const metrics = epochs.find(({ epoch }) => epoch === best.epoch)?.metrics ?? {};
      writeJsonAtomic(join(output, HISTORY), { fold, best_epoch: best.epoch, stopped, epochs, best: metrics } satisfies FoldHistory);
      writeJsonAtomic(join(output, VALIDATION), {
        rows: [...validationRows],
        probabilities: [...best.validation],
      } satisfies FoldValidation);
      writeModelFolder(join(output, MODEL_FOLDER), {
        files,
        config: weights.config,
        source: classifier.values(best.parameters),
        task,
        pooling: model.pooling,
        head: model.head,
        max_seq_length: model.max_seq_length,
        ...(features === undefined ? {} : { shared: { file: features.encoderFile, isEncoder: model.freeze_encoder } }),
      });
    } finally {
      source.close?.();
      await classifier.trainer.release();
    }
  },
};

/** The rows of the examples, as tokens or as what a frozen encoder makes of them. */
function sourceOf({ examples, tokens, features }: Inputs<typeof needs>, encoder: EncoderConfig, { fed }: TrainedPart): BatchSource {
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

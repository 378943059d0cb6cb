import type { Experiment } from '../config/index.ts';
import {
  classifierForward,
  depthOf,
  headForward,
  headModel,
  headStep,
  targetFeeds,
  trainingStep,
  weightFeeds,
  type ClassifierOptions as WholeClassifier,
  type EncoderConfig,
  type ParameterSource,
  type TrainingLoss,
} from '../engine/models/index.ts';
import { adam, adamw, averaged, sgd, type Optimizer, type UpdateRule } from '../engine/optim/index.ts';
import { inPrecision, type Precision } from '../engine/precision.ts';
import type { Feeds } from '../engine/program.ts';
import { openTrainer, type Device, type Snapshot, type Trainer, type TrainerOptions } from '../engine/runtime/index.ts';
import { weighedIn, type Task } from '../tasks/index.ts';
import { asFed, type TrainedPart } from './part.ts';
import { lastLayerOf, type InitialWeights } from './folders/classifier-folder.ts';

type Training = Experiment['training'];

/** What training a model takes of its task. */
export type LearnedTask = Pick<Task, 'outputs' | 'ranks' | 'loss' | 'weights'>;

/** What a model learns, and how. */
export type Learned = Pick<WholeClassifier, 'outputs' | 'ranks'> & TrainingLoss;

export function learnedFrom(task: LearnedTask, hasRowWeights = false): Learned {
  const weighted = weighedIn(task, hasRowWeights);
  return { ...lastLayerOf(task), loss: task.loss, ...(weighted === undefined ? {} : { weighted }) };
}

/** A batch without a target, for a step that only takes its time or its memory. */
export function emptyTargets({ outputs, weighted }: Learned, rows: number): Feeds {
  const zeros = (width: number): Float32Array => new Float32Array(rows * width);
  return {
    ...targetFeeds(zeros(outputs), outputs),
    ...(weighted && weightFeeds(zeros(weighted === 'rows' ? 1 : outputs), rows)),
  };
}

export interface ClassifierOptions {
  readonly weights: InitialWeights;
  readonly model: Pick<Experiment['model'], 'pooling' | 'head'>;
  readonly task: LearnedTask;
  /** Whether the rows that are trained on have weights. */
  readonly hasRowWeights?: boolean;
  /** What of it is trained. */
  readonly part: TrainedPart;
  readonly training: Training;
  /** Of products of matrices, while it is trained and evaluated. */
  readonly precision: Precision;
  readonly device: Device;
  readonly threads: number;
  /** Decides the head's first values and the dropout masks. */
  readonly seed: number;
}

/** A classifier ready to be trained, from its first values. */
export interface Classifier {
  readonly trainer: Trainer;
  /** What did not come from the checkpoint, as sentences. */
  readonly notices: readonly string[];
  /** Every parameter of the whole classifier: trained ones from the snapshot, the frozen encoder's as they came. */
  values(trained: Snapshot): ParameterSource;
}

/** The graphs that train a classifier and evaluate it: the whole, or what lies above its frozen part. */
export function classifierPrograms(
  whole: WholeClassifier & TrainingLoss,
  part: TrainedPart,
  precision: Precision = 'float32',
): Pick<TrainerOptions, 'step' | 'forward'> {
  const { loss, weighted } = whole;
  const alone = { ...headModel(whole), loss, ...(weighted === undefined ? {} : { weighted }) };
  const scaled = precision === 'float16'; // its smallest number is 6e-8, which gradients fall below
  const fed = asFed(whole, part);
  const frozen = part.fed === 'features' || part.frozen === undefined ? {} : { frozen: part.frozen };
  const [step, forward] =
    part.fed === 'features'
      ? [headStep({ ...alone, scaled }), headForward(alone)]
      : [trainingStep({ ...fed, ...frozen, scaled }), classifierForward(fed)];
  return { step: inPrecision(step, precision), forward: inPrecision(forward, precision) };
}

export async function openClassifier(options: ClassifierOptions): Promise<Classifier> {
  const { weights, training, seed } = options;
  const { pooling, head } = options.model;
  const whole = { encoder: weights.config, pooling, head, ...learnedFrom(options.task, options.hasRowWeights) };
  const { source, notices } = weights.source(classifierForward(whole).parameters, seed);
  const trainer = await openTrainer({
    device: options.device,
    source,
    ...classifierPrograms(whole, options.part, options.precision),
    threads: options.threads,
    optimizer: optimizerOf(training, weights.config),
    clipNorm: training.clip_norm,
    seed,
  });
  return {
    trainer,
    notices,
    values: (trained) => (spec, into) => {
      const values = trained[spec.name];
      if (values === undefined) return source(spec, into);
      into?.set(values);
      return into ?? values;
    },
  };
}

/** Rates by layer, weight decay by name, and averages of the weights if asked for; `encoder` says in which layer a parameter is. */
export function optimizerOf(
  { optimizer, layer_decay: decay, head_lr: headRate, ema }: Pick<Training, 'optimizer' | 'layer_decay' | 'head_lr' | 'ema'>,
  encoder: EncoderConfig,
): Optimizer {
  return {
    rule: ema === null ? updateRule(optimizer) : averaged(updateRule(optimizer), ema),
    group: (parameter) => ({
      lrScale: rateFactor(depthOf(encoder, parameter)),
      weightDecay: optimizer.no_decay.some((part) => parameter.includes(part)) ? 0 : optimizer.weight_decay,
    }),
  };

  function rateFactor(depth: number): number {
    const distance = encoder.layers + 1 - depth;
    return distance === 0 ? (headRate ?? optimizer.lr) / optimizer.lr : decay ** distance;
  }
}

function updateRule(optimizer: Training['optimizer']): UpdateRule {
  switch (optimizer.name) {
    case 'adam':
      return adam(optimizer);
    case 'adamw':
      return adamw(optimizer);
    case 'sgd':
      return sgd(optimizer);
  }
}

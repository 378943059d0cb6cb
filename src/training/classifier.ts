import type { Experiment } from '../config/index.ts';
import {
  classifierForward,
  depthOf,
  headForward,
  headModel,
  headStep,
  trainingStep,
  type ClassifierOptions as WholeClassifier,
  type EncoderConfig,
  type ParameterSource,
  type TrainingLoss,
} from '../engine/models/index.ts';
import { adam, adamw, sgd, type Optimizer, type UpdateRule } from '../engine/optim/index.ts';
import { inPrecision, type Precision } from '../engine/precision.ts';
import { openTrainer, type Device, type Snapshot, type Trainer, type TrainerOptions } from '../engine/runtime/index.ts';
import type { Task } from '../tasks/index.ts';
import type { InitialWeights } from './classifier-folder.ts';

type Training = Experiment['training'];

export interface ClassifierOptions {
  readonly weights: InitialWeights;
  readonly pooling: Experiment['model']['pooling'];
  readonly head: Experiment['model']['head'];
  readonly task: Pick<Task, 'outputs' | 'loss'>;
  /** True where the encoder is frozen and the head is trained on its features. */
  readonly onFeatures: boolean;
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

/** The graphs that train a classifier and evaluate it: the whole, or, on the features of a frozen encoder, its head alone. */
export function classifierPrograms(
  whole: WholeClassifier & TrainingLoss,
  onFeatures: boolean,
  precision: Precision = 'float32',
): Pick<TrainerOptions, 'step' | 'forward'> {
  const alone = { ...headModel(whole), loss: whole.loss };
  const scaled = precision === 'float16'; // its smallest number is 6e-8, which gradients fall below
  const [step, forward] = onFeatures
    ? [headStep({ ...alone, scaled }), headForward(alone)]
    : [trainingStep({ ...whole, scaled }), classifierForward(whole)];
  return { step: inPrecision(step, precision), forward: inPrecision(forward, precision) };
}

export async function openClassifier({
  weights,
  pooling,
  head,
  task,
  onFeatures,
  training,
  precision,
  device,
  threads,
  seed,
}: ClassifierOptions): Promise<Classifier> {
  const whole = { encoder: weights.config, pooling, head, outputs: task.outputs, loss: task.loss };
  const { source, notices } = weights.source(classifierForward(whole).parameters, seed);
  const trainer = await openTrainer({
    device,
    source,
    ...classifierPrograms(whole, onFeatures, precision),
    threads,
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

/** Rates by layer, weight decay by name; `encoder` says in which layer a parameter is. */
export function optimizerOf(
  { optimizer, layer_decay: decay, head_lr: headRate }: Pick<Training, 'optimizer' | 'layer_decay' | 'head_lr'>,
  encoder: EncoderConfig,
): Optimizer {
  return {
    rule: updateRule(optimizer),
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

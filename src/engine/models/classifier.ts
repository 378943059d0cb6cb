import { gradients } from '../autodiff/index.ts';
import { graphBuilder } from '../graph/index.ts';
import type { Value } from '../graph/types.ts';
import type { ForwardProgram, GradientSpec, StepProgram } from '../program.ts';
import { architectureOf } from './architectures.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { head, type HeadOptions } from './head.ts';
import { lossInGraph, lossOf, type LossChoice } from './losses.ts';
import { modelBuilder, type Leaf, type ModelBuilder } from './model-builder.ts';

/** A pretrained encoder with a classification head on its pooled output. */
export interface ClassifierOptions {
  readonly encoder: EncoderConfig;
  readonly head: HeadOptions;
  /** Width of the logits. */
  readonly outputs: number;
}

/** A classifier as other tools take it. */
export interface PublishedClassifier extends ClassifierOptions {
  /** True where its one output x stands for the two logits 0 and x, whose softmax is [1 − sigmoid(x), sigmoid(x)]: other tools get both. */
  readonly asPair: boolean;
}

/** What the logits of a training step are held against. */
export interface TrainingLoss {
  readonly loss: LossChoice;
}

/** A head alone, on features [B, width] that were computed before. */
export interface HeadModelOptions {
  readonly width: number;
  readonly head: HeadOptions;
  readonly outputs: number;
}

export interface StepOptions {
  /** Gradients come multiplied by a scale that is fed, as float16 needs it. */
  readonly scaled?: boolean;
}

/**
 * One step of training the whole classifier: loss, logits and gradients, fed by `batchFeeds` and `targetFeeds`. With
 * `freezeEncoder` the encoder has neither gradients nor dropout, and only the head is trained.
 */
export function trainingStep(options: ClassifierOptions & TrainingLoss & StepOptions & { readonly freezeEncoder?: boolean }): StepProgram {
  const frozen = options.freezeEncoder === true;
  const g = graphBuilder('training_step');
  const body = modelBuilder(g, !frozen);
  const features = architectureOf(options.encoder).encode(body, options.encoder).pooled;
  const top = modelBuilder(g, true);
  const logits = head(top, features, options.encoder.hiddenSize, options.head, options.outputs);
  return step([body, top], frozen ? top.leaves : [...body.leaves, ...top.leaves], logits, options);
}

/** One step of training a head on features, fed by `featureFeeds` and `targetFeeds`. */
export function headStep(options: HeadModelOptions & TrainingLoss & StepOptions): StepProgram {
  const m = modelBuilder(graphBuilder('head_step'), true);
  const logits = head(m, featureInput(m, options.width), options.width, options.head, options.outputs);
  return step([m], m.leaves, logits, options);
}

/** Logits of a batch, fed by `batchFeeds`. */
export function classifierForward(options: ClassifierOptions): ForwardProgram {
  const m = modelBuilder(graphBuilder('classifier'), false);
  const { pooled } = architectureOf(options.encoder).encode(m, options.encoder);
  return forward(m, 'logits', head(m, pooled, options.encoder.hiddenSize, options.head, options.outputs));
}

/** The encoder's pooled output [B, hidden], fed by `batchFeeds`. */
export function encoderForward(encoder: EncoderConfig): ForwardProgram {
  const m = modelBuilder(graphBuilder('encoder'), false);
  return forward(m, 'features', architectureOf(encoder).encode(m, encoder).pooled);
}

/** Logits of features, fed by `featureFeeds`. */
export function headForward(options: HeadModelOptions): ForwardProgram {
  const m = modelBuilder(graphBuilder('head'), false);
  return forward(m, 'logits', head(m, featureInput(m, options.width), options.width, options.head, options.outputs));
}

function featureInput(m: ModelBuilder, width: number): Value {
  return m.g.input('features', 'float32', ['B', width]);
}

/** Completes a graph with the loss and the gradients of `leaves`. */
function step(
  models: readonly [ModelBuilder, ...ModelBuilder[]],
  leaves: readonly Leaf[],
  logits: Value,
  { outputs, loss: choice, scaled = false }: Pick<ClassifierOptions, 'outputs'> & TrainingLoss & StepOptions,
): StepProgram {
  const { g } = models[0];
  const targets = g.input('targets', 'float32', ['B', outputs]);
  const loss = lossInGraph(g, lossOf(choice), logits, targets);
  g.output('loss', loss);
  g.output('logits', logits);
  const scale = scaled ? g.input(LOSS_SCALE, 'float32', []) : undefined;
  const derivatives = gradients(g, loss, leaves.map((leaf) => leaf.value), scale);
  const specs = leaves.map(({ parameter, rows }, i): GradientSpec => {
    const output = `grad.${parameter}`;
    g.output(output, derivatives[i] as Value);
    return { parameter, output, ...(rows === undefined ? {} : { rows }) };
  });
  return {
    graph: g.build(),
    parameters: models.flatMap((m) => m.parameters),
    gradients: specs,
    masks: models.flatMap((m) => m.masks),
    loss: 'loss',
    logits: 'logits',
    ...(scaled ? { lossScale: LOSS_SCALE } : {}),
  };
}

const LOSS_SCALE = 'loss_scale';

function forward(m: ModelBuilder, output: string, value: Value): ForwardProgram {
  m.g.output(output, value);
  return { graph: m.g.build(), parameters: m.parameters, output };
}

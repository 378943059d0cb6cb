import { gradients } from '../autodiff/index.ts';
import { graphBuilder, type Value } from '../graph/index.ts';
import type { ForwardProgram, GradientSpec, StepProgram } from '../program.ts';
import { encoded, pooledOutput } from './encode.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { head, type HeadOptions } from './head.ts';
import { lossInGraph, lossOf, type LossChoice } from './losses.ts';
import { modelBuilder, type ModelBuilder } from './model-builder.ts';
import { allTrainable, trainableWithout, type Frozen, type Trainable } from './prefix.ts';

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
 * One step of training the whole classifier: loss, logits and gradients, fed by `batchFeeds` and `targetFeeds`. What is frozen has neither
 * gradients nor dropout.
 */
export function trainingStep(options: ClassifierOptions & TrainingLoss & StepOptions & { readonly frozen?: Frozen }): StepProgram {
  const { encoder, frozen, outputs } = options;
  const trainable = frozen === undefined ? allTrainable : trainableWithout(frozen, encoder);
  const m = modelBuilder(graphBuilder('training_step'), (name) => trainable(name) === 'full');
  const logits = head(m, pooledOutput(m, encoder), encoder.hiddenSize, options.head, outputs);
  return step(m, trainable, logits, options);
}

/** One step of training a head on features, fed by `featureFeeds` and `targetFeeds`. */
export function headStep(options: HeadModelOptions & TrainingLoss & StepOptions): StepProgram {
  const m = modelBuilder(graphBuilder('head_step'), () => true);
  const logits = head(m, featureInput(m, options.width), options.width, options.head, options.outputs);
  return step(m, allTrainable, logits, options);
}

/** Logits of a batch, fed by `batchFeeds`. */
export function classifierForward(options: ClassifierOptions): ForwardProgram {
  const m = modelBuilder(graphBuilder('classifier'));
  const { encoder, outputs } = options;
  return forward(m, 'logits', head(m, pooledOutput(m, encoder), encoder.hiddenSize, options.head, outputs));
}

/** The encoder's pooled output [B, hidden], fed by `batchFeeds`. */
export function encoderForward(encoder: EncoderConfig): ForwardProgram {
  const m = modelBuilder(graphBuilder('encoder'));
  return forward(m, 'features', pooledOutput(m, encoder));
}

/**
 * A hidden state [B*S, hidden], fed by `batchFeeds`: 0 is the embeddings, k the output of layer k; a last norm counts to the last layer.
 * Rows of padding hold numbers that mean nothing.
 */
export function hiddenForward(encoder: EncoderConfig, state: number): ForwardProgram {
  const m = modelBuilder(graphBuilder('hidden'));
  const { hidden, last } = encoded(m, encoder);
  return forward(m, 'hidden', hidden[state] ?? last('all'));
}

/** Logits of features, fed by `featureFeeds`. */
export function headForward(options: HeadModelOptions): ForwardProgram {
  const m = modelBuilder(graphBuilder('head'));
  return forward(m, 'logits', head(m, featureInput(m, options.width), options.width, options.head, options.outputs));
}

function featureInput(m: ModelBuilder, width: number): Value {
  return m.g.input('features', 'float32', ['B', width]);
}

/** Completes a graph with the loss and the gradients of what is trainable. */
function step(
  { g, parameters, masks, leaves: all }: ModelBuilder,
  trainable: Trainable,
  logits: Value,
  { outputs, loss: choice, scaled = false }: Pick<ClassifierOptions, 'outputs'> & TrainingLoss & StepOptions,
): StepProgram {
  const leaves = all.filter(({ parameter }) => trainable(parameter) === 'full');
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
    parameters,
    gradients: specs,
    masks,
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

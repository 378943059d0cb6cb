import { gradients } from '../autodiff/index.ts';
import { graphBuilder, type Value } from '../graph/index.ts';
import type { ForwardProgram, GradientSpec, StepProgram } from '../program.ts';
import { encoded, features, lowerFeatures, pooledOutput, statesBelow } from './encode.ts';
import type { EncoderConfig } from './config/encoder-config.ts';
import { head, type HeadOptions } from './head.ts';
import type { OutputScale } from './head-layout.ts';
import { lossInGraph } from './loss-arithmetic.ts';
import { lossOf, type LossChoice } from './losses.ts';
import { modelBuilder, type ModelBuilder } from './model-builder.ts';
import { featureWidth, pooledWidth, weighedFeatures, weighedStates, type Pooling } from './pooling.ts';
import { allTrainable, trainableWithout, type Frozen, type Trainable } from './prefix.ts';
import type { RankLayer } from './rank-layer.ts';

/** A pretrained encoder with a classification head on what is pooled of it. */
export interface ClassifierOptions {
  readonly encoder: EncoderConfig;
  /** `default` where it is left out. */
  readonly pooling?: Pooling;
  /**
   * The layers below are not computed: their output, the hidden state of this number, is fed by `stateFeeds`. Everything below has to be
   * frozen.
   */
  readonly fedState?: number;
  readonly head: HeadOptions;
  /** Width of the logits. */
  readonly outputs: number;
  /** How the outputs say a rank; each has weights of its own where it is left out. */
  readonly ranks?: RankLayer;
}

/** A classifier as other tools take it. */
export interface PublishedClassifier extends ClassifierOptions {
  /** True where its one output x stands for the two logits 0 and x, whose softmax is [1 − sigmoid(x), sigmoid(x)]: other tools get both. */
  readonly asPair: boolean;
  /** Other tools get mean + sd · z of the outputs z. */
  readonly scale?: OutputScale;
}

/** What the logits of a training step are held against. */
export interface TrainingLoss {
  readonly loss: LossChoice;
  /** What has weights in each batch, fed by `weightFeeds`; nothing where it is left out. */
  readonly weighted?: 'rows' | 'elements';
}

/** A head alone, on features [B, width] that were computed before. */
export interface HeadModelOptions {
  readonly width: number;
  /** So many hidden states lie side by side in the features, and weights that are learned make one of them; 1 where it is left out. */
  readonly weighedStates?: number;
  readonly head: HeadOptions;
  readonly outputs: number;
  readonly ranks?: RankLayer;
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
  const { encoder, frozen } = options;
  const trainable = frozen === undefined ? allTrainable : trainableWithout(frozen, encoder);
  const m = modelBuilder(graphBuilder('training_step'), (name) => trainable(name) === 'full');
  return step(m, trainable, logitsOf(m, options), options);
}

/** One step of training a head on features, fed by `featureFeeds` and `targetFeeds`. */
export function headStep(options: HeadModelOptions & TrainingLoss & StepOptions): StepProgram {
  const m = modelBuilder(graphBuilder('head_step'), () => true);
  return step(m, allTrainable, featureLogits(m, options), options);
}

/** Logits of a batch, fed by `batchFeeds`. */
export function classifierForward(options: ClassifierOptions): ForwardProgram {
  const m = modelBuilder(graphBuilder('classifier'));
  return forward(m, 'logits', logitsOf(m, options));
}

/**
 * What a head on a frozen encoder learns from, [B, `featureWidth`], fed by `batchFeeds`: by default the encoder's pooled output
 * [B, hidden]. Throws an Error for a pooling that reads every token.
 */
export function encoderForward(encoder: EncoderConfig, pooling: Pooling = 'default'): ForwardProgram {
  const m = modelBuilder(graphBuilder('encoder'));
  return forward(m, 'features', features(m, encoder, pooling));
}

/**
 * A hidden state [B*S, hidden], fed by `batchFeeds`: 0 is the embeddings, k the output of layer k; a last norm counts to the last layer.
 * Rows of padding hold numbers that mean nothing.
 */
export function hiddenForward(encoder: EncoderConfig, state: number): ForwardProgram {
  const m = modelBuilder(graphBuilder('hidden'));
  const { hidden, last } = encoded(m, encoder, { upTo: state });
  return forward(m, 'hidden', hidden[state] ?? last('all'));
}

/**
 * What a pooling reads of the states below one that is fed, [B, states * hidden], fed by `batchFeeds`; undefined where it reads none of
 * them.
 */
export function lowerForward(encoder: EncoderConfig, pooling: Pooling, fedState: number): ForwardProgram | undefined {
  if (statesBelow(encoder, pooling, fedState).length === 0) return undefined;
  const m = modelBuilder(graphBuilder('lower'));
  return forward(m, 'lower_states', lowerFeatures(m, encoder, pooling, fedState));
}

/** Numbers that `lowerForward` gives of a text; 0 where there is no such program. */
export function lowerWidth(encoder: EncoderConfig, pooling: Pooling, fedState: number): number {
  return encoder.hiddenSize * statesBelow(encoder, pooling, fedState).length;
}

/** Logits of features, fed by `featureFeeds`. */
export function headForward(options: HeadModelOptions): ForwardProgram {
  const m = modelBuilder(graphBuilder('head'));
  return forward(m, 'logits', featureLogits(m, options));
}

/** The head of a classifier alone, on the features of its encoder. */
export function headModel({ encoder, pooling = 'default', head: options, outputs, ranks }: ClassifierOptions): HeadModelOptions {
  const states = weighedStates(encoder, pooling);
  const width = featureWidth(encoder, pooling) ?? encoder.hiddenSize;
  return { width, head: options, outputs, ...(ranks === undefined ? {} : { ranks }), ...(states === 1 ? {} : { weighedStates: states }) };
}

function logitsOf(m: ModelBuilder, { encoder, pooling = 'default', fedState, head: options, ...last }: ClassifierOptions): Value {
  return head(m, pooledOutput(m, encoder, pooling, fedState), pooledWidth(encoder, pooling), options, last);
}

function featureLogits(m: ModelBuilder, { width, weighedStates: states = 1, head: options, ...last }: HeadModelOptions): Value {
  const input = m.g.input('features', 'float32', ['B', width]);
  return head(m, weighedFeatures(m, input, width / states, states), width / states, options, last);
}

/** Completes a graph with the loss and the gradients of what is trainable. */
function step(
  { g, parameters, masks, leaves: all }: ModelBuilder,
  trainable: Trainable,
  logits: Value,
  { outputs, loss: choice, weighted, scaled = false }: Pick<ClassifierOptions, 'outputs'> & TrainingLoss & StepOptions,
): StepProgram {
  const leaves = all.filter(({ parameter }) => trainable(parameter) === 'full');
  const targets = g.input('targets', 'float32', ['B', outputs]);
  const weights = weighted === undefined ? undefined : g.input('weights', 'float32', ['B', weighted === 'rows' ? 1 : outputs]);
  const loss = lossInGraph(g, lossOf(choice), logits, targets, weights);
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

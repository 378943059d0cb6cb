import type { Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { plural } from '../core/text.ts';
import {
  commonTensors,
  encoderForward,
  freezableLayers,
  hiddenForward,
  lowerForward,
  lowerWidth,
  stateFeeds,
  type ClassifierOptions,
  type EncoderConfig,
  type Frozen,
} from '../engine/models/index.ts';
import type { Feeds, ForwardProgram, ParameterSpec } from '../engine/program.ts';

/** What of a model an experiment freezes, and how the rates of what is trained fall from layer to layer. */
export interface Freezing {
  readonly model: Pick<Experiment['model'], 'pooling' | 'freeze_encoder'> & {
    readonly freeze: Pick<Experiment['model']['freeze'], 'embeddings' | 'layers'>;
  };
  readonly training: Pick<Experiment['training'], 'layer_decay'>;
}

/** What of a classifier is trained, and what it is fed meanwhile: tokens, or what the stage `encode` made of them. */
export type TrainedPart =
  | { readonly fed: 'tokens'; readonly frozen?: Frozen }
  /** The head alone, on one vector a text. */
  | { readonly fed: 'features' }
  /** What lies above a hidden state, on every token of it. */
  | { readonly fed: 'states'; readonly frozen: Frozen; readonly state: number };

/**
 * @param isEncoded whether the stage `encode` has run
 * Throws a `config` error where more layers are frozen than there are, or some that share their weights with layers above, and where the
 * rates of layers differ but all layers are frozen.
 */
export function trainedPart({ model, training }: Freezing, encoder: EncoderConfig, isEncoded: boolean): TrainedPart {
  const { pooling, freeze_encoder, freeze } = model;
  const { layers } = freeze;
  const depth = encoder.layers;
  if (layers > depth)
    throw unfreezable(`model.freeze.layers is ${layers}, and the model has ${plural(depth, 'layer')}`, `at most ${depth}`);
  const possible = freezableLayers(encoder);
  if (!possible.includes(layers))
    throw unfreezable(
      `model.freeze.layers is ${layers}, and these layers share their weights with layers above them`,
      `one of ${possible.join(', ')}`,
    );
  if (layers === depth && training.layer_decay !== 1) throw decayOfNothing(depth);
  if (freeze_encoder && isEncoded)
    return pooling === 'attention' ? { fed: 'states', frozen: 'encoder', state: encoder.layers } : { fed: 'features' };
  if (layers > 0) {
    const frozen = { embeddings: true, layers };
    return isEncoded ? { fed: 'states', frozen, state: layers } : { fed: 'tokens', frozen };
  }
  return freeze.embeddings === true ? { fed: 'tokens', frozen: { embeddings: true, layers: 0 } } : { fed: 'tokens' };
}

function unfreezable(message: string, value: string): OrtrainError {
  return new OrtrainError('config', 'these layers cannot be frozen', {
    subject: 'model.freeze.layers',
    problems: [{ message, field: 'model.freeze.layers' }],
    remedy: `Set model.freeze.layers to ${value}.`,
  });
}

function decayOfNothing(depth: number): OrtrainError {
  const all = depth === 1 ? 'the only one' : `all ${depth}`;
  const message = `training.layer_decay needs layers that are trained, but model.freeze.layers freezes ${all}`;
  return new OrtrainError('config', 'no layer is left for training.layer_decay', {
    subject: 'training.layer_decay',
    problems: [{ message, field: 'training.layer_decay' }],
    remedy: `Set training.layer_decay to 1, or model.freeze.layers to less than ${depth}.`,
  });
}

/** What the stage `encode` computes of a text, once: features, or a hidden state and what the pooling reads of those below it. */
export function encodingPrograms(
  { encoder, pooling = 'default' }: Pick<ClassifierOptions, 'encoder' | 'pooling'>,
  part: Exclude<TrainedPart, { readonly fed: 'tokens' }>,
): readonly [main: ForwardProgram, ...lower: readonly ForwardProgram[]] {
  if (part.fed === 'features') return [encoderForward(encoder, pooling)];
  const lower = lowerForward(encoder, pooling, part.state);
  return [hiddenForward(encoder, part.state), ...(lower === undefined ? [] : [lower])];
}

/** The frozen tensors that the models of all folds share; those of a pooler excepted, which some classes count to the head. */
export function sharedTensors(encoder: EncoderConfig, part: TrainedPart): readonly ParameterSpec[] {
  if (part.fed === 'tokens') return [];
  return part.fed === 'features' ? commonTensors(encoder) : hiddenForward(encoder, part.state).parameters;
}

/** The model as it is trained. */
export function asFed<O extends ClassifierOptions>(whole: O, part: TrainedPart): O {
  return part.fed === 'states' ? { ...whole, fedState: part.state } : whole;
}

/** Hidden states for a batch as large as one that will be; none where no states are fed. */
export function emptyStates({ encoder, pooling = 'default' }: ClassifierOptions, part: TrainedPart, texts: number, width: number): Feeds {
  if (part.fed !== 'states') return {};
  const lower = texts * lowerWidth(encoder, pooling, part.state);
  return stateFeeds(encoder, texts, new Float32Array(texts * width * encoder.hiddenSize), new Float32Array(lower));
}

import { OrtrainError } from '../../../core/errors.ts';
import { count } from '../../../core/text.ts';
import type { Fields } from './config-fields.ts';
import type { Activation } from '../blocks/activation.ts';

/**
 * What every encoder's configuration says; plain data. An encoder's own configuration extends it with its own keys. Sizes are counts,
 * dropouts are probabilities.
 */
export interface EncoderConfig {
  /** The encoder's key in the registry: the `model_type` of its config.json. */
  readonly modelType: string;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  /** The longest sequence, special tokens included. */
  readonly maxPositions: number;
  readonly padTokenId: number;
  /** Standard deviation of the normal distribution that new weights are drawn from. */
  readonly initializerRange: number;
}

/** Far above what anybody has trained, and small enough for a graph and its tensors to be thought of. */
export const MOST = {
  width: 100_000,
  inner: 1_000_000,
  layers: 1000,
  vocabulary: 10_000_000,
  positions: 10_000_000,
  segments: 1000,
} as const;

/** The largest encoders of these kinds have less than half. */
const MOST_PARAMETERS = 10_000_000_000;

/** Rejects sizes that are sound one by one and absurd together, before any memory is taken for them. */
export function rejectAbsurd(
  fields: Fields,
  { vocabSize, maxPositions, hiddenSize, intermediateSize, layers }: EncoderConfig,
): void {
  const total = (vocabSize + maxPositions) * hiddenSize + layers * (4 * hiddenSize + 2 * intermediateSize) * hiddenSize;
  if (total > MOST_PARAMETERS)
    fields.reject(
      'model_type',
      `an encoder of these sizes has ${count(total)} parameters; at most ${count(MOST_PARAMETERS)} can be trained here`,
    );
}

/**
 * An encoder with another vocabulary. Throws OrtrainError `data` that names the tokenizer's file where its ids are larger than any model's.
 */
export function withVocabulary(config: EncoderConfig, vocabSize: number, file: string): EncoderConfig {
  const added = (vocabSize - config.vocabSize) * config.hiddenSize;
  if (vocabSize <= MOST.vocabulary && added <= MOST_PARAMETERS) return { ...config, vocabSize };
  throw new OrtrainError(
    'data',
    `${file} has tokens with ids up to ${count(vocabSize - 1)}, and no model can have embeddings for so many`,
    { subject: file },
  );
}

/** Width and heads under the names that an architecture's config.json has for them; the heads share the width equally. */
export function widths(fields: Fields, hiddenKey: string, headsKey: string): Pick<EncoderConfig, 'hiddenSize' | 'heads'> {
  const [hiddenSize, heads] = [fields.count(hiddenKey, MOST.width), fields.count(headsKey, MOST.width)];
  if (hiddenSize % heads > 0) fields.reject(hiddenKey, `${hiddenSize} cannot be shared equally among ${heads} attention heads`);
  const pruned = fields.raw('pruned_heads') ?? {};
  if (typeof pruned !== 'object' || Object.keys(pruned).length > 0)
    fields.reject('pruned_heads', 'layers from which attention heads were removed are not supported');
  return { hiddenSize, heads };
}

export function vocabulary(fields: Fields, defaultPadding: number): Pick<EncoderConfig, 'vocabSize' | 'padTokenId'> {
  const vocabSize = fields.count('vocab_size', MOST.vocabulary);
  const padTokenId = fields.number('pad_token_id', defaultPadding, (x) => Number.isInteger(x) && x >= 0, 'a token id');
  if (padTokenId >= vocabSize) fields.reject('pad_token_id', `${padTokenId} is outside the vocabulary of ${vocabSize}`);
  return { vocabSize, padTokenId };
}

export function activation(fields: Fields, key: string, fallback: Activation = 'gelu'): Activation {
  return fields.choice(key, activations, fallback);
}

/** What layer normalization adds to variances. */
export function epsilon(fields: Fields, key: string, fallback: number): number {
  return fields.number(key, fallback, (x) => x > 0 && x < 1, 'a small positive number');
}

export function initializerRange(fields: Fields): number {
  return fields.number('initializer_range', 0.02, (x) => x > 0 && x < 10, 'a positive standard deviation');
}

/**
 * Names in Transformers' table of activations, several of which compute the same. Those that it has and that are not here would need
 * operators of their own (mish, relu2, leaky_relu, laplace) or cut values off (gelu_10, relu6).
 */
const activations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_fast: 'gelu-tanh',
  gelu_accurate: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  gelu_python_tanh: 'gelu-tanh',
  quick_gelu: 'gelu-sigmoid',
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  linear: 'none',
};

import type { Value } from '../graph/index.ts';
import { attentiveTokens, maxTokens, meanTokens } from './blocks/token-pooling.ts';
import { firstTokens } from './blocks/first-tokens.ts';
import type { Encoded } from './encoder.ts';
import type { EncoderConfig } from './config/encoder-config.ts';
import { encoderOf } from './encoders/index.ts';
import type { ModelBuilder } from './model-builder.ts';

/**
 * What a head reads of an encoder. `default`: what the encoder's own classifier reads, with its pooler. All others read hidden states as
 * they are. Of the last one: the first token (`cls`), mean, maximum, or both (`mean-max`) of the tokens, or their mean with weights that
 * are learned (`attention`). Of the last four, or of all where there are fewer: their first tokens side by side (`last4`), or the mean of
 * their means with weights that are learned (`weighted`).
 */
export type Pooling = 'default' | 'cls' | 'mean' | 'max' | 'mean-max' | 'last4' | 'attention' | 'weighted';

/** What is read of one hidden state, [B, hidden]. */
export type Read = 'first' | 'mean';

/** Hidden states by their numbers: 0 is the embeddings, `config.layers` the output of the last layer. */
export interface States {
  read(state: number, read: Read): Value;
  /** All tokens of the last state: [B*S, hidden]. */
  tokens(): Value;
  /** What the encoder's own classifier reads: [B, hidden]. */
  own(): Value;
}

/** `last4` and `weighted` read so many states. */
const SEVERAL = 4;

/** The states below the last one that a pooling reads besides it, from the lowest, and what of them. */
export function lowerStates({ layers }: EncoderConfig, pooling: Pooling): { readonly states: readonly number[]; readonly read: Read } {
  if (pooling !== 'last4' && pooling !== 'weighted') return { states: [], read: 'first' };
  const states = Array.from({ length: Math.min(SEVERAL, layers + 1) - 1 }, (_, i) => layers - i - 1).reverse();
  return { states, read: pooling === 'last4' ? 'first' : 'mean' };
}

/** Width of the features that a frozen encoder gives for a pooling; null where that reads every token. */
export function featureWidth(config: EncoderConfig, pooling: Pooling): number | null {
  if (pooling === 'attention') return null;
  return config.hiddenSize * (pooling === 'mean-max' ? 2 : 1 + lowerStates(config, pooling).states.length);
}

/** Width of what the head reads. */
export function pooledWidth(config: EncoderConfig, pooling: Pooling): number {
  return pooling === 'attention' || pooling === 'weighted' ? config.hiddenSize : (featureWidth(config, pooling) ?? config.hiddenSize);
}

/** How many states stand side by side in features that learned weights make one of; 1 where there are no such weights. */
export function weighedStates(config: EncoderConfig, pooling: Pooling): number {
  return pooling === 'weighted' ? 1 + lowerStates(config, pooling).states.length : 1;
}

/** What the head reads: [B, pooledWidth]. `m` stands at the whole model. */
export function pooledOf(m: ModelBuilder, config: EncoderConfig, pooling: Pooling, states: States): Value {
  const at = m.at('pooling');
  if (pooling === 'attention') return attentiveTokens(at, states.tokens(), config.hiddenSize, config.hiddenSize);
  return weighedFeatures(m, featuresOf(m, config, pooling, states), config.hiddenSize, weighedStates(config, pooling));
}

/** What a pooling reads before any weights of its own: [B, featureWidth]. Throws an Error for one that reads every token. */
export function featuresOf(m: ModelBuilder, config: EncoderConfig, pooling: Pooling, states: States): Value {
  const { layers: last, hiddenSize: width } = config;
  const at = m.at('pooling');
  switch (pooling) {
    case 'default':
      return states.own();
    case 'cls':
      return states.read(last, 'first');
    case 'mean':
      return states.read(last, 'mean');
    case 'max':
      return maxTokens(at, states.tokens(), width);
    case 'mean-max': {
      const both = [states.read(last, 'mean'), maxTokens(at, states.tokens(), width)];
      return at.within((g) => g.Concat(...both, { axis: 1 }));
    }
    case 'last4':
    case 'weighted': {
      const { states: lower, read } = lowerStates(config, pooling);
      const all = [...lower, last].map((state) => states.read(state, read));
      return at.within((g) => g.Concat(...all, { axis: 1 }));
    }
    case 'attention':
      throw new Error('attention over tokens has no features that could be computed before');
  }
}

/**
 * Σ softmax(w)_k f_k of the `states` vectors that lie side by side in features [B, states * width]: [B, width]. All weigh alike at first.
 */
export function weighedFeatures(m: ModelBuilder, features: Value, width: number, states: number): Value {
  if (states === 1) return features;
  const at = m.at('pooling');
  const logits = at.parameter('layer_weights', [states], { kind: 'zeros' });
  return at.within((g) => {
    const weights = g.reshape(g.Softmax(logits, { axis: 0 }), [1, states, 1]);
    return g.ReduceSum(g.Mul(g.reshape(features, ['B', states, width]), weights), { axes: [1], keepdims: 0 });
  });
}

/** The states of a batch. `m` stands at the whole model, `at` at the encoder's prefix. */
export function statesOf(m: ModelBuilder, at: ModelBuilder, config: EncoderConfig, encoded: Encoded): States {
  const { layers, hiddenSize: width } = config;
  const pooling = m.at('pooling');
  return {
    read(state, read) {
      if (read === 'mean') return meanTokens(pooling, encoded.hidden[state] ?? encoded.last('all'), width);
      const hidden = encoded.hidden[state];
      if (state === layers || hidden === undefined) return encoded.last('first');
      return pooling.within(() => firstTokens(pooling, hidden, width));
    },
    tokens: () => encoded.last('all'),
    own: () => encoderOf(config).pooled(at, config, encoded),
  };
}

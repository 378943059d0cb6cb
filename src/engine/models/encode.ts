import type { Value } from '../graph/index.ts';
import { firstTokens } from './blocks/first-tokens.ts';
import type { Encoded, Reads } from './encoder.ts';
import type { EncoderConfig } from './config/encoder-config.ts';
import { encoderOf } from './encoders/index.ts';
import { tokenMask, type EncoderInput } from './inputs.ts';
import type { ModelBuilder } from './model-builder.ts';
import { featuresOf, lowerStates, pooledOf, statesOf, type Pooling, type States } from './pooling.ts';

/** Which hidden states are computed: from the embeddings on, or from one that is fed, and up to which. */
export interface Span {
  /** This state is fed as `hidden_state` [B, S, hidden], and those below that the pooling reads as `lower_states`; see `stateFeeds`. */
  readonly fedState?: number;
  /** The last; that of the last layer where it is left out. */
  readonly upTo?: number;
}

/** The hidden states of a batch that is fed with `batchFeeds`. */
export function encoded(m: ModelBuilder, config: EncoderConfig, { fedState, upTo = config.layers }: Span = {}): Encoded {
  const { layers, hiddenSize } = config;
  const encoder = encoderOf(config);
  const at = atPrefix(m, config);
  const layer = encoder.layers(at, config);
  const start = fedState ?? 0;
  const hidden: Value[] = [];
  hidden[start] =
    fedState === undefined
      ? encoder.embed(at, config)
      : m.g.reshape(m.g.input('hidden_state', 'float32', ['B', 'S', hiddenSize]), ['B*S', hiddenSize]);
  for (let i = start; i < Math.min(upTo, layers - 1); i += 1) hidden[i + 1] = layer(at, i, hidden[i] as Value, 'all');
  const made = new Map<Reads, Value>();
  return {
    hidden,
    last(reads) {
      const fed = hidden[layers];
      const value =
        made.get(reads) ??
        (fed === undefined
          ? layer(at, layers - 1, hidden.at(-1) as Value, reads)
          : reads === 'all' ? fed : at.within(() => firstTokens(at, fed, hiddenSize)));
      made.set(reads, value);
      return value;
    },
  };
}

/** What a classification head reads of a batch: [B, `pooledWidth`]. */
export function pooledOutput(m: ModelBuilder, config: EncoderConfig, pooling: Pooling, fedState?: number): Value {
  return pooledOf(m, config, pooling, encodedStates(m, config, pooling, fedState));
}

/** What of a batch can be computed once where the encoder is frozen: [B, `featureWidth`]. */
export function features(m: ModelBuilder, config: EncoderConfig, pooling: Pooling): Value {
  return featuresOf(m, config, pooling, encodedStates(m, config, pooling));
}

/** What a pooling reads of the states below one that is fed, side by side: [B, states * hidden]. */
export function lowerFeatures(m: ModelBuilder, config: EncoderConfig, pooling: Pooling, fedState: number): Value {
  const below = statesBelow(config, pooling, fedState);
  const states = statesOf(m, atPrefix(m, config), config, encoded(m, config, { upTo: Math.max(...below) }));
  const { read } = lowerStates(config, pooling);
  return m.g.Concat(...below.map((state) => states.read(state, read)), { axis: 1 });
}

/** The states below a fed one of which a pooling reads something, from the lowest. */
export function statesBelow(config: EncoderConfig, pooling: Pooling, fedState: number): readonly number[] {
  return lowerStates(config, pooling).states.filter((state) => state < fedState);
}

/** All graph inputs that follow from the tokens of a batch and that some part of a model may ask for. */
export function modelInputs(config: EncoderConfig): readonly EncoderInput[] {
  return [...new Set([...encoderOf(config).inputs(config), tokenMask])];
}

function encodedStates(m: ModelBuilder, config: EncoderConfig, pooling: Pooling, fedState?: number): States {
  const states = statesOf(m, atPrefix(m, config), config, encoded(m, config, fedState === undefined ? {} : { fedState }));
  const below = fedState === undefined ? [] : statesBelow(config, pooling, fedState);
  if (below.length === 0) return states;
  const width = config.hiddenSize;
  const fed = m.g.input('lower_states', 'float32', ['B', below.length * width]);
  const parts = m.g.Split(fed, { split: below.map(() => width), axis: 1 });
  return { ...states, read: (state, read) => parts[below.indexOf(state)] ?? states.read(state, read) };
}

function atPrefix(m: ModelBuilder, config: EncoderConfig): ModelBuilder {
  return m.at(encoderOf(config).names.prefix.slice(0, -1));
}

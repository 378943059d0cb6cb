import type { Value } from '../graph/index.ts';
import type { Encoded, Reads } from './encoder.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { encoderOf } from './encoders/index.ts';
import { tokenMask, type EncoderInput } from './inputs.ts';
import type { ModelBuilder } from './model-builder.ts';
import { featuresOf, pooledOf, statesOf, type Pooling, type States } from './pooling.ts';

/** The hidden states of a batch that is fed with `batchFeeds`. */
export function encoded(m: ModelBuilder, config: EncoderConfig): Encoded {
  const encoder = encoderOf(config);
  const at = atPrefix(m, config);
  const layer = encoder.layers(at, config);
  const hidden = [encoder.embed(at, config)];
  for (let i = 0; i < config.layers - 1; i += 1) hidden.push(layer(at, i, hidden[i] as Value, 'all'));
  const made = new Map<Reads, Value>();
  return {
    hidden,
    last(reads) {
      const value = made.get(reads) ?? layer(at, config.layers - 1, hidden.at(-1) as Value, reads);
      made.set(reads, value);
      return value;
    },
  };
}

/** What a classification head reads of a batch: [B, `pooledWidth`]. */
export function pooledOutput(m: ModelBuilder, config: EncoderConfig, pooling: Pooling): Value {
  return pooledOf(m, config, pooling, encodedStates(m, config));
}

/** What of a batch can be computed once where the encoder is frozen: [B, `featureWidth`]. */
export function features(m: ModelBuilder, config: EncoderConfig, pooling: Pooling): Value {
  return featuresOf(m, config, pooling, encodedStates(m, config));
}

/** All graph inputs that follow from the tokens of a batch and that some part of a model may ask for. */
export function modelInputs(config: EncoderConfig): readonly EncoderInput[] {
  return [...new Set([...encoderOf(config).inputs(config), tokenMask])];
}

function encodedStates(m: ModelBuilder, config: EncoderConfig): States {
  return statesOf(m, atPrefix(m, config), config, encoded(m, config));
}

function atPrefix(m: ModelBuilder, config: EncoderConfig): ModelBuilder {
  return m.at(encoderOf(config).names.prefix.slice(0, -1));
}

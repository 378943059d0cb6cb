import type { Value } from '../graph/types.ts';
import type { ParameterSpec } from '../program.ts';
import type { Fields } from './config-fields.ts';
import type { EncoderConfig } from './encoder-config.ts';
import type { HeadLayout } from './head-layout.ts';
import type { ModelBuilder } from './model-builder.ts';

/** What an encoder computes. Activations are [B*S, hidden]: one row a token. */
export interface Encoded {
  /** The input of every layer, the first being the embeddings. */
  readonly hidden: readonly Value[];
  /** What a classification head reads: [B, hidden]. */
  readonly pooled: Value;
}

/** All that tells one family of encoders from another. */
export interface Architecture {
  /** What its config.json says; the keys and their defaults are those of Hugging Face's configuration class. */
  parse(fields: Fields): Omit<EncoderConfig, 'modelType'>;
  /** Feeds are those of `batchFeeds`; dropout sits where Hugging Face's model has it. */
  encode(m: ModelBuilder, config: EncoderConfig): Encoded;
  /** How checkpoints call its tensors. */
  readonly naming: {
    /** What the names of the encoder's tensors begin with in a model with a head. */
    readonly prefix: string;
    /** Beginnings of the names that some checkpoints lack; those tensors start at random. */
    readonly optional: readonly string[];
    /** Tensors of old checkpoints that hold no weights. */
    readonly ignored: readonly string[];
  };
  /** How Hugging Face's classes for it are called, and what they make of a head. */
  readonly huggingFace: {
    readonly encoder: string;
    readonly classifier: string;
    /** The key of config.json for the head's dropout. */
    readonly dropoutKey: string;
    /** Where `classifier` keeps the parameters with a head of one dense layer; undefined where it cannot compute what they do. */
    layout(parameters: readonly ParameterSpec[]): HeadLayout | undefined;
  };
}

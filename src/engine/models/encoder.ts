import type { Value } from '../graph/index.ts';
import type { ParameterSpec } from '../program.ts';
import type { Fields } from './config/config-fields.ts';
import type { EncoderConfig } from './config/encoder-config.ts';
import type { HeadLayout } from './head-layout.ts';
import type { EncoderInput } from './inputs.ts';
import type { ModelBuilder } from './model-builder.ts';

/** Which tokens of the last layer are read: all of them, or the first of each text, in which case no other needs to be computed. */
export type Reads = 'all' | 'first';

/**
 * One layer, by its number from 0. Activations are [B*S, hidden], one row a token. With `first` the result has one row a text, [B, hidden];
 * only the last layer is asked for that.
 */
export type Layer = (m: ModelBuilder, index: number, x: Value, reads: Reads) => Value;

/** What an encoder has computed of a batch. */
export interface Encoded {
  /** The input of every layer, the first being the embeddings: [B*S, hidden] each. */
  readonly hidden: readonly Value[];
  /** The output of the last layer: [B*S, hidden], or the rows of the first tokens, [B, hidden]. Layers are written when they are read. */
  last(reads: Reads): Value;
}

/** Beginnings of tensor names in the model, and what a file has in their place; see `renamed`. */
export type Renames = readonly (readonly [model: string, file: string])[];

/** What the tensors of an encoder are called, all with the encoder's prefix. */
export interface TensorNames {
  /** What all names begin with in a model that has a head, such as `bert.`. */
  readonly prefix: string;
  /** The table of token embeddings, which grows with the vocabulary. */
  readonly words: string;
  /** What stands before the number of a layer: `bert.encoder.layer.`. */
  readonly layers: string;
  /** Beginnings of the names of tensors above the layers. All that is neither in a layer nor here belongs to the embeddings. */
  readonly top: readonly string[];
  /** Beginnings of the names that some checkpoints lack; those tensors start at random. */
  readonly optional: readonly string[];
  /** Tensors of old checkpoints that hold no weights. */
  readonly ignored: readonly string[];
  /** How names in checkpoints differ from these: what is found in a name is replaced, one pattern after the other. */
  readonly renames: readonly (readonly [found: RegExp, replacement: string])[];
  /** Beginnings that no other encoder's names have: by them a checkpoint is recognized whose config.json has no `model_type`. */
  readonly recognized: readonly string[];
}

/** What Hugging Face's classes make of an encoder and a head. */
export interface HuggingFace {
  /** The class without a head, `BertModel`. */
  readonly encoder: string;
  /** The class for sequence classification. */
  readonly classifier: string;
  /** The key of config.json for the head's dropout; null where that class has no key for it alone. */
  readonly dropoutKey: string | null;
  /** Where `classifier` keeps the parameters with a head of one dense layer; undefined where it cannot compute what they do. */
  layout(parameters: readonly ParameterSpec[]): HeadLayout | undefined;
}

/**
 * A family of encoders. Methods are given configurations that its own `parse` has made.
 * (Methods, not properties of function type: an encoder of any configuration can so be one of the registry.)
 */
export interface Encoder<C extends EncoderConfig = EncoderConfig> {
  /** What its config.json says; keys and defaults are those of Hugging Face's configuration class. */
  parse(fields: Fields): Omit<C, 'modelType'>;
  /** The graph inputs that follow from a batch. `m.input` takes them; the order is that of `batchFeeds`. */
  inputs(config: C): readonly EncoderInput[];
  /** The input of the first layer: [B*S, hidden]. `m` stands at the encoder's prefix here and below. */
  embed(m: ModelBuilder, config: C): Value;
  /** Declares what layers share, such as the attention bias, and gives the layers. Dropout sits where Hugging Face's model has it. */
  layers(m: ModelBuilder, config: C): Layer;
  /**
   * The last layer, from 0, that has the parameters with this number in their names: the number itself where it is left out. Some encoders
   * use the parameters of a layer in others too.
   */
  lastLayer?(config: C, number: number): number;
  /** What the encoder's own classifier reads, with its pooler: [B, hidden]. */
  pooled(m: ModelBuilder, config: C, encoded: Encoded): Value;
  readonly names: TensorNames;
  readonly huggingFace: HuggingFace;
}

import type { Value } from '../../graph/index.ts';
import type { Activation } from '../blocks/activation.ts';
import { activatedDense, normalInit } from '../blocks/dense.ts';
import { summedEmbeddings } from '../blocks/embeddings.ts';
import { layerNorm } from '../blocks/norm.ts';
import { postNormLayer, type LayerNames, type LayerOptions } from '../blocks/post-norm-layer.ts';
import type { Fields } from '../config/config-fields.ts';
import type { Encoded, Encoder, Layer } from '../encoder.ts';
import { activation, epsilon, initializerRange, MOST, vocabulary, widths, type EncoderConfig } from '../config/encoder-config.ts';
import { renamed } from '../head-layout.ts';
import { attentionBias, positions, tokenRows, tokens, tokenTypes, type EncoderInput } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** BERT (Devlin et al. 2018): pooled = tanh of a dense layer over the last hidden state of the first token. */
export const bert: Encoder<BertConfig> = {
  parse: (fields) => parseAsBert(fields),
  inputs: bertInputs,
  embed: bertEmbeddings,
  layers: (m, config) => bertLayers(m, config, 'encoder.layer', layerNames),
  pooled: bertPooled,
  names: {
    prefix: 'bert.',
    words: 'bert.embeddings.word_embeddings.weight',
    layers: 'bert.encoder.layer.',
    top: ['bert.pooler.'],
    optional: ['bert.pooler.'],
    ignored: ['bert.embeddings.position_ids'],
    renames: [],
    recognized: ['bert.embeddings.'],
  },
  huggingFace: {
    encoder: 'BertModel',
    classifier: 'BertForSequenceClassification',
    dropoutKey: 'classifier_dropout',
    layout: (parameters) => renamed(parameters),
  },
};

/** The keys of BERT and of its relatives with the same layers. */
export interface BertConfig extends EncoderConfig {
  /** The row of the position table that a text's first token takes; rows before it are never used. */
  readonly firstPosition: number;
  /** Segments that tokens are told apart by; 0 where the encoder has none. */
  readonly typeVocabSize: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
}

/** What the keys mean where they are absent, as far as configurations with these keys differ in it. */
export interface BertDefaults {
  readonly padTokenId: number;
  readonly activation: Activation;
  /** Of hidden states and of attention. */
  readonly dropout: number;
}

const bertDefaults: BertDefaults = { padTokenId: 0, activation: 'gelu', dropout: 0.1 };

/** Those of RoBERTa and its relatives, whose vocabularies begin with `<s>` and `<pad>`. */
export const robertaDefaults: BertDefaults = { ...bertDefaults, padTokenId: 1 };

/** The keys of BertConfig, which others share. */
export function parseAsBert(fields: Fields, defaults: BertDefaults = bertDefaults): Omit<BertConfig, 'modelType'> {
  const sizes = { ...widths(fields, 'hidden_size', 'num_attention_heads'), ...vocabulary(fields, defaults.padTokenId) };
  fields.expect('position_embedding_type', 'absolute');
  fields.expect('is_decoder', false);
  fields.expect('add_cross_attention', false);
  return {
    ...sizes,
    layers: fields.count('num_hidden_layers', MOST.layers),
    intermediateSize: fields.count('intermediate_size', MOST.inner),
    maxPositions: fields.count('max_position_embeddings', MOST.positions),
    firstPosition: 0,
    typeVocabSize: fields.count('type_vocab_size', MOST.segments, 2),
    activation: activation(fields, 'hidden_act', defaults.activation),
    layerNormEps: epsilon(fields, 'layer_norm_eps', 1e-12),
    hiddenDropout: fields.probability('hidden_dropout_prob', defaults.dropout),
    attentionDropout: fields.probability('attention_probs_dropout_prob', defaults.dropout),
    initializerRange: initializerRange(fields),
  };
}

/** Token ids and positions; segments where there is more than one. */
export function bertInputs({ firstPosition, typeVocabSize }: BertConfig): readonly EncoderInput[] {
  return [tokenRows, tokens, positions(firstPosition), ...(typeVocabSize > 1 ? [tokenTypes] : []), attentionBias];
}

/** Sum of token, position and segment embeddings, normalized: [B*S, hidden]. */
export function bertEmbeddings(encoder: ModelBuilder, config: BertConfig): Value {
  const { vocabSize, hiddenSize: H, maxPositions, firstPosition, typeVocabSize: types, layerNormEps, initializerRange: std } = config;
  const m = encoder.at('embeddings');
  return m.within(() => {
    const places = { rows: firstPosition + maxPositions, input: positions(firstPosition) };
    const sum = summedEmbeddings(m, { vocabSize, width: H, places, types, init: { kind: 'normal', std } });
    return m.dropout('dropout', layerNorm(m.at('LayerNorm'), sum, H, layerNormEps), config.hiddenDropout);
  });
}

/** Layers below `name`, with parts of these names. */
export function bertLayers(encoder: ModelBuilder, config: BertConfig, name: string, names: LayerNames): Layer {
  const bias = encoder.input(attentionBias);
  const options = layerOptions(config);
  return (m, index, x, reads) => postNormLayer(m.at(name).at(index), names, x, bias, reads, options);
}

export function bertPooled(m: ModelBuilder, { hiddenSize: H, initializerRange: std }: BertConfig, encoded: Encoded): Value {
  return activatedDense(m.at('pooler'), encoded.last('first'), H, normalInit(std), 'tanh');
}

export const layerNames: LayerNames = {
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  probabilitiesDropout: 'attention.self.dropout',
  attended: 'attention.output.dense',
  attendedDropout: 'attention.output.dropout',
  attendedNorm: 'attention.output.LayerNorm',
  inner: 'intermediate.dense',
  outer: 'output.dense',
  outerDropout: 'output.dropout',
  outerNorm: 'output.LayerNorm',
};

export function layerOptions(config: Omit<BertConfig, 'firstPosition'>): LayerOptions {
  const { hiddenSize: width, heads, intermediateSize: innerWidth, layerNormEps, hiddenDropout, attentionDropout } = config;
  const init = normalInit(config.initializerRange);
  return { width, heads, innerWidth, activation: config.activation, layerNormEps, hiddenDropout, attentionDropout, init };
}

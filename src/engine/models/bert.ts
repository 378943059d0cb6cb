import type { Architecture, Encoded } from './architecture.ts';
import type { Fields } from './config-fields.ts';
import { activation, initializerRange, MOST, vocabulary, widths, type EncoderConfig } from './encoder-config.ts';
import { renamed } from './head-layout.ts';
import { dense } from './layers.ts';
import type { ModelBuilder } from './model-builder.ts';
import { denseInit, transformer, type LayerNames } from './transformer.ts';

/** BERT (Devlin et al. 2018): pooled = tanh of a dense layer over the last hidden state of the first token. */
export const bert: Architecture = {
  parse: (fields) => parseAsBert(fields, 0),
  encode: (m, config) => encodeAsBert(m, config, 'bert'),
  naming: { prefix: 'bert.', optional: ['bert.pooler.'], ignored: ['bert.embeddings.position_ids'] },
  huggingFace: {
    encoder: 'BertModel',
    classifier: 'BertForSequenceClassification',
    dropoutKey: 'classifier_dropout',
    layout: (parameters) => renamed(parameters),
  },
};

/** The keys of BertConfig, which others share. */
export function parseAsBert(fields: Fields, defaultPadding: number): Omit<EncoderConfig, 'modelType'> {
  const sizes = { ...widths(fields, 'hidden_size', 'num_attention_heads'), ...vocabulary(fields, defaultPadding) };
  fields.expect('position_embedding_type', 'absolute');
  fields.expect('is_decoder', false);
  return {
    ...sizes,
    layers: fields.count('num_hidden_layers', MOST.layers),
    intermediateSize: fields.count('intermediate_size', MOST.inner),
    maxPositions: fields.count('max_position_embeddings', MOST.positions),
    firstPosition: 0,
    typeVocabSize: fields.count('type_vocab_size', MOST.segments, 2),
    activation: activation(fields, 'hidden_act'),
    layerNormEps: fields.number('layer_norm_eps', 1e-12, (x) => x > 0 && x < 1, 'a small positive number'),
    hiddenDropout: fields.probability('hidden_dropout_prob', 0.1),
    attentionDropout: fields.probability('attention_probs_dropout_prob', 0.1),
    initializerRange: initializerRange(fields),
  };
}

/** BertModel with its pooler, its tensors below `name`. */
export function encodeAsBert(m: ModelBuilder, config: EncoderConfig, name: string): Encoded {
  const { hidden, pooled: first } = transformer(m, config, name, `${name}.encoder.layer`, layerNames);
  const projected = dense(m, `${name}.pooler.dense`, first, config.hiddenSize, config.hiddenSize, denseInit(config));
  const pooled = m.g.scope(`${name}.pooler`, () => m.g.Tanh(projected));
  return { hidden, pooled };
}

const layerNames: LayerNames = {
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

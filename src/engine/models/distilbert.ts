import type { Architecture } from './architecture.ts';
import type { Fields } from './config-fields.ts';
import { activation, initializerRange, MOST, vocabulary, widths, type EncoderConfig } from './encoder-config.ts';
import { throughRelu } from './head-layout.ts';
import { transformer, type LayerNames } from './transformer.ts';

/**
 * DistilBERT (Sanh et al. 2019): BERT without segments and without a pooler; pooled = the last hidden state of the first
 * token. Sinusoidal positions are a table in the checkpoint like learned ones.
 */
export const distilbert: Architecture = {
  parse: parseDistilbert,
  encode: (m, config) => transformer(m, config, 'distilbert', 'distilbert.transformer.layer', layerNames),
  naming: { prefix: 'distilbert.', optional: [], ignored: ['distilbert.embeddings.position_ids'] },
  huggingFace: {
    encoder: 'DistilBertModel',
    classifier: 'DistilBertForSequenceClassification',
    dropoutKey: 'seq_classif_dropout',
    layout: throughRelu,
  },
};

function parseDistilbert(fields: Fields): Omit<EncoderConfig, 'modelType'> {
  return {
    ...widths(fields, 'dim', 'n_heads'),
    ...vocabulary(fields, 0),
    layers: fields.count('n_layers', MOST.layers),
    intermediateSize: fields.count('hidden_dim', MOST.inner),
    maxPositions: fields.count('max_position_embeddings', MOST.positions),
    firstPosition: 0,
    typeVocabSize: 0,
    activation: activation(fields, 'activation'),
    layerNormEps: 1e-12, // no key: the model's own constant
    hiddenDropout: fields.probability('dropout', 0.1),
    attentionDropout: fields.probability('attention_dropout', 0.1),
    initializerRange: initializerRange(fields),
  };
}

const layerNames: LayerNames = {
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  probabilitiesDropout: 'attention.dropout',
  attended: 'attention.out_lin',
  attendedDropout: null,
  attendedNorm: 'sa_layer_norm',
  inner: 'ffn.lin1',
  outer: 'ffn.lin2',
  outerDropout: 'ffn.dropout',
  outerNorm: 'output_layer_norm',
};

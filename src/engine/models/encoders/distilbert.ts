import type { LayerNames } from '../blocks/post-norm-layer.ts';
import type { Fields } from '../config/config-fields.ts';
import type { Encoder } from '../encoder.ts';
import { activation, initializerRange, MOST, vocabulary, widths } from '../config/encoder-config.ts';
import { throughRelu } from '../head-layout.ts';
import { bertEmbeddings, bertInputs, bertLayers, type BertConfig } from './bert.ts';

/**
 * DistilBERT (Sanh et al. 2019): BERT without segments and without a pooler; pooled = the last hidden state of the first
 * token. Sinusoidal positions are a table in the checkpoint like learned ones.
 */
export const distilbert: Encoder<BertConfig> = {
  parse: parseDistilbert,
  inputs: bertInputs,
  embed: bertEmbeddings,
  layers: (m, config) => bertLayers(m, config, 'transformer.layer', layerNames),
  pooled: (_m, _config, encoded) => encoded.last('first'),
  names: {
    prefix: 'distilbert.',
    words: 'distilbert.embeddings.word_embeddings.weight',
    layers: 'distilbert.transformer.layer.',
    top: [],
    optional: [],
    ignored: ['distilbert.embeddings.position_ids'],
    renames: [],
    recognized: ['distilbert.embeddings.'],
  },
  huggingFace: {
    encoder: 'DistilBertModel',
    classifier: 'DistilBertForSequenceClassification',
    dropoutKey: 'seq_classif_dropout',
    layout: throughRelu,
  },
};

function parseDistilbert(fields: Fields): Omit<BertConfig, 'modelType'> {
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

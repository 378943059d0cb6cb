import type { Value } from '../../graph/index.ts';
import { activatedDense, dense, normalInit } from '../blocks/dense.ts';
import type { Fields } from '../config/config-fields.ts';
import type { Encoded, Encoder } from '../encoder.ts';
import { MOST } from '../config/encoder-config.ts';
import { poolerInHead } from '../head-layout.ts';
import type { ModelBuilder } from '../model-builder.ts';
import { bertEmbeddings, bertInputs, bertLayers, layerNames, parseAsBert, type BertConfig } from './bert.ts';

/**
 * ELECTRA (Clark et al. 2020): BERT's layers over embeddings that may be narrower, and no pooler in the model itself. What its classifier
 * reads is GELU of a dense layer over the first token's last hidden state, with dropout before it.
 */
export const electra: Encoder<ElectraConfig> = {
  parse: parseElectra,
  inputs: bertInputs,
  embed: embeddings,
  layers: (m, config) => bertLayers(m, config, 'encoder.layer', layerNames),
  pooled,
  names: {
    prefix: 'electra.',
    words: 'electra.embeddings.word_embeddings.weight',
    layers: 'electra.encoder.layer.',
    top: ['electra.pooler.'],
    optional: ['electra.pooler.'],
    ignored: ['electra.embeddings.position_ids'],
    renames: [[/\bclassifier\.dense\./, 'electra.pooler.dense.']], // of a published classifier
    recognized: ['electra.embeddings.'],
  },
  huggingFace: {
    encoder: 'ElectraModel',
    classifier: 'ElectraForSequenceClassification',
    dropoutKey: 'classifier_dropout',
    layout: (parameters) => poolerInHead(parameters, 'electra.pooler.dense.'),
  },
};

interface ElectraConfig extends BertConfig {
  /** Width of the embedding tables. */
  readonly embeddingSize: number;
  /** Before the dense layer that counts as the pooler. */
  readonly poolerDropout: number;
}

function parseElectra(fields: Fields): Omit<ElectraConfig, 'modelType'> {
  const config = parseAsBert(fields);
  return {
    ...config,
    embeddingSize: fields.count('embedding_size', MOST.width, 128),
    poolerDropout: fields.probability('classifier_dropout', config.hiddenDropout),
  };
}

function embeddings(m: ModelBuilder, config: ElectraConfig): Value {
  const { embeddingSize: E, hiddenSize: H } = config;
  const narrow = bertEmbeddings(m, { ...config, hiddenSize: E });
  return E === H ? narrow : dense(m.at('embeddings_project'), narrow, E, H, normalInit(config.initializerRange));
}

function pooled(m: ModelBuilder, { hiddenSize: H, initializerRange: std, poolerDropout }: ElectraConfig, encoded: Encoded): Value {
  const pooler = m.at('pooler');
  const first = pooler.dropout('dropout', encoded.last('first'), poolerDropout);
  return activatedDense(pooler, first, H, normalInit(std), 'gelu');
}

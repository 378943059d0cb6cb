import type { Value } from '../../graph/index.ts';
import { dense, normalInit } from '../blocks/dense.ts';
import { postNormLayer, type LayerNames } from '../blocks/post-norm-layer.ts';
import type { Fields } from '../config/config-fields.ts';
import type { Encoded, Encoder, Layer } from '../encoder.ts';
import { MOST } from '../config/encoder-config.ts';
import { renamed } from '../head-layout.ts';
import { attentionBias } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';
import { bertEmbeddings, bertInputs, layerOptions, parseAsBert, type BertConfig } from './bert.ts';

/**
 * ALBERT (Lan et al. 2020): narrow embeddings, and layers that share their parameters: those of a group are used in each of its layers, and
 * their gradients add up. Pooled = tanh of a dense layer over the last hidden state of the first token.
 */
export const albert: Encoder<AlbertConfig> = {
  parse: parseAlbert,
  inputs: bertInputs,
  embed: embeddings,
  layers,
  lastLayer: lastOfGroup,
  pooled,
  names: {
    prefix: 'albert.',
    words: 'albert.embeddings.word_embeddings.weight',
    layers: 'albert.encoder.albert_layer_groups.',
    top: ['albert.pooler.'],
    optional: ['albert.pooler.'],
    ignored: ['albert.embeddings.position_ids'],
    renames: [],
    recognized: ['albert.embeddings.'],
  },
  huggingFace: {
    encoder: 'AlbertModel',
    classifier: 'AlbertForSequenceClassification',
    dropoutKey: 'classifier_dropout_prob',
    layout: (parameters) => renamed(parameters),
  },
};

interface AlbertConfig extends BertConfig {
  /** Width of the embedding tables. */
  readonly embeddingSize: number;
  /** Groups of layers; those of a group share their parameters. */
  readonly groups: number;
  /** Attention and feed-forward, one after the other, this often in each layer, with parameters of their own. */
  readonly innerLayers: number;
}

function parseAlbert(fields: Fields): Omit<AlbertConfig, 'modelType'> {
  const config = parseAsBert(fields, { padTokenId: 0, activation: 'gelu-tanh', dropout: 0 });
  const groups = fields.count('num_hidden_groups', MOST.layers, 1);
  if (groups > config.layers)
    fields.reject('num_hidden_groups', `${groups} is more than the model's ${config.layers} layers, so that some would never be used`);
  const innerLayers = fields.count('inner_group_num', MOST.layers, 1);
  if (innerLayers * config.layers > MOST.layers)
    fields.reject('inner_group_num', `${innerLayers} in each of ${config.layers} layers are more than any model has`);
  return { ...config, embeddingSize: fields.count('embedding_size', MOST.width, 128), groups, innerLayers };
}

function embeddings(m: ModelBuilder, config: AlbertConfig): Value {
  const { embeddingSize: E, hiddenSize: H } = config;
  const narrow = bertEmbeddings(m, { ...config, hiddenSize: E });
  return dense(m.at('encoder.embedding_hidden_mapping_in'), narrow, E, H, normalInit(config.initializerRange));
}

function layers(encoder: ModelBuilder, config: AlbertConfig): Layer {
  const bias = encoder.input(attentionBias);
  const options = layerOptions(config);
  return (m, index, x, reads) => {
    const group = m.at('encoder.albert_layer_groups').at(groupOf(config, index)).at('albert_layers');
    let y = x;
    for (let inner = 0; inner < config.innerLayers; inner += 1)
      y = postNormLayer(group.at(inner), layerNames, y, bias, inner < config.innerLayers - 1 ? 'all' : reads, options);
    return y;
  };
}

function pooled(m: ModelBuilder, { hiddenSize: H, initializerRange: std }: AlbertConfig, encoded: Encoded): Value {
  const projected = dense(m.at('pooler'), encoded.last('first'), H, H, normalInit(std));
  return m.at('pooler').within((g) => g.Tanh(projected));
}

/** Which group a layer is in: layers are dealt out evenly, in order, by Transformers' own division. */
function groupOf({ layers: L, groups }: AlbertConfig, layer: number): number {
  return Math.trunc(layer / (L / groups));
}

function lastOfGroup(config: AlbertConfig, group: number): number {
  let layer = config.layers - 1;
  while (layer > 0 && groupOf(config, layer) > group) layer -= 1;
  return layer;
}

const layerNames: LayerNames = {
  query: 'attention.query',
  key: 'attention.key',
  value: 'attention.value',
  probabilitiesDropout: 'attention.attention_dropout',
  attended: 'attention.dense',
  attendedDropout: 'attention.output_dropout',
  attendedNorm: 'attention.LayerNorm',
  inner: 'ffn',
  outer: 'ffn_output',
  outerDropout: null,
  outerNorm: 'full_layer_layer_norm',
};

import type { Value } from '../../graph/index.ts';
import { postNormLayer, type LayerNames } from '../blocks/post-norm-layer.ts';
import { bucketCount, relativeBias, relativeBuckets } from '../blocks/relative-bias.ts';
import type { Fields } from '../config/config-fields.ts';
import type { Encoder, Layer, Reads } from '../encoder.ts';
import { MOST } from '../config/encoder-config.ts';
import { poolerInHead } from '../head-layout.ts';
import { attentionBias } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';
import { bertEmbeddings, bertInputs, bertPooled, layerOptions, parseAsBert, robertaDefaults, type BertConfig } from './bert.ts';

/**
 * MPNet (Song et al. 2020): BERT without segments, whose attention scores get a bias by distance, the same in every layer. Pooled = tanh of
 * a dense layer over the last hidden state of the first token.
 */
export const mpnet: Encoder<MpnetConfig> = {
  parse: parseMpnet,
  inputs: (config) => [...bertInputs(config), relativeBuckets],
  embed: bertEmbeddings,
  layers,
  pooled: bertPooled,
  names: {
    prefix: 'mpnet.',
    words: 'mpnet.embeddings.word_embeddings.weight',
    layers: 'mpnet.encoder.layer.',
    top: ['mpnet.pooler.'],
    optional: ['mpnet.pooler.'],
    ignored: ['mpnet.embeddings.position_ids'],
    renames: [],
    recognized: ['mpnet.embeddings.'],
  },
  huggingFace: {
    encoder: 'MPNetModel',
    classifier: 'MPNetForSequenceClassification',
    dropoutKey: null, // its head has the dropout of hidden states
    layout: (parameters) => poolerInHead(parameters, 'mpnet.pooler.dense.'),
  },
};

interface MpnetConfig extends BertConfig {
  /** Rows of the table of biases; those after the first 32 are never used. */
  readonly biasRows: number;
}

/** The model's own constant, whatever the padding token's id is: positions begin after it. */
const FIRST_POSITION = 2;

function parseMpnet(fields: Fields): Omit<MpnetConfig, 'modelType'> {
  const { maxPositions: rows, ...config } = parseAsBert(fields, robertaDefaults);
  if (rows <= FIRST_POSITION)
    fields.reject('max_position_embeddings', `${rows} leaves no position after the first ${FIRST_POSITION}, which are never used`);
  const biasRows = fields.count('relative_attention_num_buckets', MOST.width, bucketCount);
  if (biasRows < bucketCount)
    fields.reject(
      'relative_attention_num_buckets',
      `${biasRows} is not supported; distances have ${bucketCount} buckets in every MPNet, and each needs a row`,
    );
  return { ...config, firstPosition: FIRST_POSITION, maxPositions: rows - FIRST_POSITION, typeVocabSize: 0, biasRows };
}

function layers(encoder: ModelBuilder, config: MpnetConfig): Layer {
  const padding = encoder.input(attentionBias);
  const part = encoder.at('encoder.relative_attention_bias');
  const relative = relativeBias(part, config.biasRows, config.heads, { kind: 'normal', std: config.initializerRange });
  const made = new Map<Reads, Value>();
  const bias = (reads: Reads): Value => {
    const known = made.get(reads) ?? part.within((g) => g.Add(padding, reads === 'all' ? relative : firstQuery(part, relative)));
    made.set(reads, known);
    return known;
  };
  const options = layerOptions(config);
  return (m, index, x, reads) => postNormLayer(m.at('encoder.layer').at(index), layerNames, x, bias(reads), reads, options);
}

/** [A, S, S] → [A, 1, S] */
function firstQuery({ g }: ModelBuilder, relative: Value): Value {
  return g.Slice(relative, { starts: [0], ends: [1], axes: [1] });
}

const layerNames: LayerNames = {
  query: 'attention.attn.q',
  key: 'attention.attn.k',
  value: 'attention.attn.v',
  probabilitiesDropout: 'attention.attn.dropout',
  attended: 'attention.attn.o',
  attendedDropout: 'attention.dropout',
  attendedNorm: 'attention.LayerNorm',
  inner: 'intermediate.dense',
  outer: 'output.dense',
  outerDropout: 'output.dropout',
  outerNorm: 'output.LayerNorm',
};

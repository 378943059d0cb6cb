import { briefly } from '../../../core/shapes.ts';
import type { Value } from '../../graph/index.ts';
import type { Activation } from '../blocks/activation.ts';
import { activatedDense, dense, normalInit } from '../blocks/dense.ts';
import { disentangledAttention, type RelativePositions } from '../blocks/disentangled-attention.ts';
import { summedEmbeddings } from '../blocks/embeddings.ts';
import { readTokens } from '../blocks/first-tokens.ts';
import { layerNorm } from '../blocks/norm.ts';
import { afterAttention } from '../blocks/post-norm-layer.ts';
import { debertaRows, distanceInputs, type DistanceInputs } from '../blocks/relative-positions.ts';
import type { Fields } from '../config/config-fields.ts';
import type { Encoded, Encoder, Layer } from '../encoder.ts';
import { activation, epsilon, initializerRange, MOST, vocabulary, widths, type EncoderConfig } from '../config/encoder-config.ts';
import { renamed } from '../head-layout.ts';
import { attentionBias, positions, tokenRows, tokens, tokenTypes, type EncoderInput } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';
import { layerNames, layerOptions } from './bert.ts';

/**
 * DeBERTa v2 and v3 (He et al. 2021): BERT's layers with attention over contents and relative positions apart. Pooled = GELU of a dense
 * layer over the first token. Transformers multiplies the embeddings of padding with zero; nothing reads them, so that is left out here.
 */
export const debertaV2: Encoder<DebertaConfig> = {
  parse,
  inputs,
  embed,
  layers,
  pooled,
  names: {
    prefix: 'deberta.',
    words: 'deberta.embeddings.word_embeddings.weight',
    layers: 'deberta.encoder.layer.',
    top: ['deberta.pooler.'],
    optional: ['deberta.pooler.'],
    // Checkpoints of version 3 keep a table of positions that the encoder does not use.
    ignored: ['deberta.embeddings.position_ids', 'deberta.embeddings.position_embeddings.weight'],
    renames: [[/(?<!deberta\.)\bpooler\.dense\./, 'deberta.pooler.dense.']],
    recognized: ['deberta.encoder.rel_embeddings.'],
  },
  huggingFace: {
    encoder: 'DebertaV2Model',
    classifier: 'DebertaV2ForSequenceClassification',
    dropoutKey: 'cls_dropout',
    layout: (parameters) => renamed(parameters, [['deberta.pooler.', 'pooler.']]),
  },
};

export interface DebertaConfig extends EncoderConfig {
  /** Width of the embedding tables; where it is not that of the layers, a dense layer without a bias stands between. */
  readonly embeddingSize: number;
  /** Whether positions are added to the embeddings too. */
  readonly hasPositions: boolean;
  readonly typeVocabSize: number;
  /** Null where attention knows no relative positions. */
  readonly relative: Relative | null;
  /** Terms of a score. */
  readonly terms: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
  readonly poolerDropout: number;
  readonly poolerActivation: Activation;
}

interface Relative {
  /** -1: none, every distance has a row. */
  readonly buckets: number;
  readonly span: number;
  readonly isNormalized: boolean;
  /** Whether positions go through the projections of the contents. */
  readonly shared: boolean;
  readonly toKeys: boolean;
  readonly toQueries: boolean;
}

/** Texts may be as long as memory allows where no table limits them. */
const LONGEST = 8192;

function parse(fields: Fields): Omit<DebertaConfig, 'modelType'> {
  const sizes = { ...widths(fields, 'hidden_size', 'num_attention_heads'), ...vocabulary(fields, 0) };
  const { hiddenSize } = sizes;
  fields.expect('conv_kernel_size', 0);
  fields.expect('attention_head_size', hiddenSize / sizes.heads);
  fields.expect('pooler_hidden_size', hiddenSize);
  const table = fields.count('max_position_embeddings', MOST.positions, 512);
  const hasPositions = fields.flag('position_biased_input', true);
  const kinds = attentionKinds(fields);
  return {
    ...sizes,
    embeddingSize: fields.count('embedding_size', MOST.width, hiddenSize),
    layers: fields.count('num_hidden_layers', MOST.layers),
    intermediateSize: fields.count('intermediate_size', MOST.inner),
    hasPositions,
    maxPositions: hasPositions ? table : Math.max(table, LONGEST),
    typeVocabSize: fields.number('type_vocab_size', 0, (x) => Number.isInteger(x) && x >= 0 && x <= MOST.segments, 'a number of segments'),
    relative: fields.flag('relative_attention', false) ? relative(fields, table, kinds) : null,
    terms: 1 + kinds.length,
    activation: activation(fields, 'hidden_act'),
    layerNormEps: epsilon(fields, 'layer_norm_eps', 1e-7),
    hiddenDropout: fields.probability('hidden_dropout_prob', 0.1),
    attentionDropout: fields.probability('attention_probs_dropout_prob', 0.1),
    poolerDropout: fields.probability('pooler_dropout', 0),
    poolerActivation: activation(fields, 'pooler_hidden_act'),
    initializerRange: initializerRange(fields),
  };
}

type AttentionKind = 'c2p' | 'p2c';

/** `pos_att_type`: a list, or a text with bars between its items. */
function attentionKinds(fields: Fields): readonly AttentionKind[] {
  const given = fields.raw('pos_att_type') ?? [];
  const items: readonly unknown[] = typeof given === 'string' ? given.toLowerCase().split('|').map((item) => item.trim()) : [given].flat();
  const kinds = items.filter((item): item is AttentionKind => item === 'c2p' || item === 'p2c');
  if (kinds.length < items.length) fields.reject('pos_att_type', `${briefly(given)} is not supported; c2p and p2c are`);
  return [...new Set(kinds)];
}

function relative(fields: Fields, table: number, kinds: readonly AttentionKind[]): Relative {
  const [buckets, most] = [countOrNone(fields, 'position_buckets'), countOrNone(fields, 'max_relative_positions')];
  const span = most === -1 ? table : most;
  if (buckets > 0 && (buckets < 4 || span - 1 <= Math.floor(buckets / 2)))
    fields.reject('position_buckets', `${buckets} buckets cannot be laid over distances up to ${span}`);
  const norm = fields.choice('norm_rel_ebd', { none: false, layer_norm: true }, false);
  return {
    buckets,
    span,
    isNormalized: norm,
    shared: fields.flag('share_att_key', false),
    toKeys: kinds.includes('c2p'),
    toQueries: kinds.includes('p2c'),
  };
}

/** A count, or -1: to Transformers any number below 1 means none. */
function countOrNone(fields: Fields, key: string): number {
  const value = fields.number(key, -1, Number.isInteger, 'a whole number');
  return value > 0 ? fields.count(key, MOST.positions) : -1;
}

function distances({ relative: of, maxPositions }: DebertaConfig): DistanceInputs | null {
  return of === null ? null : distanceInputs(debertaRows(of.buckets, of.span, maxPositions));
}

function inputs(config: DebertaConfig): readonly EncoderInput[] {
  const at = distances(config);
  const { relative: of } = config;
  return [
    tokenRows,
    tokens,
    ...(config.hasPositions ? [positions(0)] : []),
    ...(config.typeVocabSize > 1 ? [tokenTypes] : []),
    attentionBias,
    ...(at === null || of === null || !(of.toKeys || of.toQueries) ? [] : [at.rows, at.first]),
    ...(at !== null && of?.toKeys === true ? [at.places] : []),
    ...(at !== null && of?.toQueries === true ? [at.reversed] : []),
  ];
}

function embed(encoder: ModelBuilder, config: DebertaConfig): Value {
  const { vocabSize, hiddenSize: H, embeddingSize: E, maxPositions, typeVocabSize: types, initializerRange: std } = config;
  const m = encoder.at('embeddings');
  return m.within(() => {
    const places = config.hasPositions ? { rows: maxPositions, input: positions(0) } : null;
    const sum = summedEmbeddings(m, { vocabSize, width: E, places, types, init: { kind: 'normal', std } });
    const wide = E === H ? sum : dense(m.at('embed_proj'), sum, E, H, normalInit(std, false));
    return m.dropout('dropout', layerNorm(m.at('LayerNorm'), wide, H, config.layerNormEps), config.hiddenDropout);
  });
}

function layers(encoder: ModelBuilder, config: DebertaConfig): Layer {
  const { hiddenSize: width, heads, terms } = config;
  const bias = encoder.input(attentionBias);
  const at = relativePositions(encoder.at('encoder'), config);
  const options = layerOptions(config);
  const attention = { width, heads, init: options.init, dropout: config.attentionDropout, terms };
  return (m, index, x, reads) => {
    const layer = m.at('encoder.layer').at(index);
    const self = layer.at('attention.self');
    const context = self.within(() => disentangledAttention(self, x, bias, at, reads, attention));
    return afterAttention(layer, layerNames, context, readTokens(layer, x, reads, width), options);
  };
}

/** The table that all layers read; normalized once. */
function relativePositions(m: ModelBuilder, config: DebertaConfig): RelativePositions | null {
  const { relative: of, hiddenSize: H, hiddenDropout: dropout } = config;
  const at = distances(config);
  if (of === null || at === null || !(of.toKeys || of.toQueries)) return null;
  for (const input of [at.first, ...(of.toKeys ? [at.places] : []), ...(of.toQueries ? [at.reversed] : [])]) m.input(input);
  const { count } = debertaRows(of.buckets, of.span, 1);
  const rows = m.at('rel_embeddings').tableRows('weight', [count, H], { kind: 'normal', std: config.initializerRange }, at.rows);
  const table = of.isNormalized ? layerNorm(m.at('LayerNorm'), rows, H, config.layerNormEps) : rows;
  const [key, query] = of.shared ? ['key_proj', 'query_proj'] : ['pos_key_proj', 'pos_query_proj'];
  return { table, inputs: at, key: of.toKeys ? key! : null, query: of.toQueries ? query! : null, dropout };
}

function pooled(m: ModelBuilder, { hiddenSize: H, initializerRange: std, ...config }: DebertaConfig, encoded: Encoded): Value {
  const first = m.dropout('pooler.dropout', encoded.last('first'), config.poolerDropout);
  return activatedDense(m.at('pooler'), first, H, normalInit(std), config.poolerActivation);
}

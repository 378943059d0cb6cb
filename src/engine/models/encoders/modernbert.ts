import { briefly, isObject } from '../../../core/shapes.ts';
import type { Value } from '../../graph/index.ts';
import { activate, type Activation } from '../blocks/activation.ts';
import { attendedValues, inHeads, outOfHeads } from '../blocks/attention.ts';
import { activatedDense, dense, normalInit } from '../blocks/dense.ts';
import { wordEmbeddings } from '../blocks/embeddings.ts';
import { firstTokens, readTokens } from '../blocks/first-tokens.ts';
import { layerNorm } from '../blocks/norm.ts';
import { rotaryInputs, rotated, type RotaryInputs } from '../blocks/rotary.ts';
import { meanTokens } from '../blocks/token-pooling.ts';
import type { Fields } from '../config/config-fields.ts';
import type { Encoded, Encoder, Layer, Reads } from '../encoder.ts';
import { activation, epsilon, initializerRange, MOST, vocabulary, widths, type EncoderConfig } from '../config/encoder-config.ts';
import { renamed } from '../head-layout.ts';
import { attentionBias, localBias, tokenMask, tokenRows, tokens, type EncoderInput } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';

/**
 * ModernBERT (Warner et al. 2024): normalization before attention and feed-forward, rotary positions, gated feed-forward, no biases; most
 * layers see only neighbours. Pooled = the head that it was pretrained with, over the first token or the mean of all.
 */
export const modernbert: Encoder<ModernBertConfig> = {
  parse,
  inputs,
  embed,
  layers,
  pooled,
  names: {
    prefix: 'model.',
    words: 'model.embeddings.tok_embeddings.weight',
    layers: 'model.layers.',
    top: ['model.final_norm.', 'model.head.'],
    optional: ['model.head.'],
    ignored: [],
    renames: [[/(?<!model\.)\bhead\.(dense|norm)\./, 'model.head.$1.']],
    recognized: ['embeddings.tok_embeddings.'],
  },
  huggingFace: {
    encoder: 'ModernBertModel',
    classifier: 'ModernBertForSequenceClassification',
    dropoutKey: 'classifier_dropout',
    layout: (parameters) => renamed(parameters, [['model.head.', 'head.']]),
  },
};

export interface ModernBertConfig extends EncoderConfig {
  /** Of each layer: whether it sees only tokens at most `window` away. */
  readonly isLocal: readonly boolean[];
  readonly window: number;
  readonly theta: { readonly global: number; readonly local: number };
  readonly activation: Activation;
  readonly normEps: number;
  readonly hasBias: { readonly norm: boolean; readonly attention: boolean; readonly feedForward: boolean; readonly head: boolean };
  readonly embeddingDropout: number;
  readonly attentionDropout: number;
  readonly feedForwardDropout: number;
  readonly pooling: 'cls' | 'mean';
  readonly headActivation: Activation;
}

function parse(fields: Fields): Omit<ModernBertConfig, 'modelType'> {
  const sizes = { ...widths(fields, 'hidden_size', 'num_attention_heads'), ...vocabulary(fields, 50283) };
  const headWidth = sizes.hiddenSize / sizes.heads;
  if (headWidth % 2 === 1) fields.reject('num_attention_heads', `heads of the odd width ${headWidth} cannot be rotated`);
  fields.expect('head_dim', headWidth);
  fields.expect('rope_scaling', null);
  const layers = fields.count('num_hidden_layers', MOST.layers);
  return {
    ...sizes,
    layers,
    intermediateSize: fields.count('intermediate_size', MOST.inner),
    maxPositions: fields.count('max_position_embeddings', MOST.positions, 8192),
    isLocal: localLayers(fields, layers),
    window: Math.floor(fields.count('local_attention', MOST.positions, 128) / 2),
    theta: thetas(fields),
    activation: activation(fields, 'hidden_activation'),
    normEps: epsilon(fields, 'norm_eps', 1e-5),
    hasBias: {
      norm: fields.flag('norm_bias', false),
      attention: fields.flag('attention_bias', false),
      feedForward: fields.flag('mlp_bias', false),
      head: fields.flag('classifier_bias', false),
    },
    embeddingDropout: fields.probability('embedding_dropout', 0),
    attentionDropout: fields.probability('attention_dropout', 0),
    feedForwardDropout: fields.probability('mlp_dropout', 0),
    pooling: fields.choice('classifier_pooling', { cls: 'cls', mean: 'mean' } as const, 'cls'),
    headActivation: activation(fields, 'classifier_activation'),
    initializerRange: initializerRange(fields),
  };
}

/** `layer_types` of Transformers 5, or every how many layers there is a global one, the first being the first. */
function localLayers(fields: Fields, layers: number): readonly boolean[] {
  const types = fields.raw('layer_types') ?? undefined;
  const every = fields.count('global_attn_every_n_layers', MOST.layers, 3);
  if (types === undefined) return Number.isNaN(layers) ? [] : Array.from({ length: layers }, (_, layer) => layer % every > 0);
  const kinds = ['full_attention', 'sliding_attention'];
  if (!Array.isArray(types) || (types.length !== layers && !Number.isNaN(layers)) || types.some((type) => !kinds.includes(type as string)))
    fields.reject('layer_types', `is not a list of ${Number.isNaN(layers) ? '' : `${layers} `}items that are ${kinds.join(' or ')}`);
  return Array.isArray(types) ? types.map((type) => type === kinds[1]) : [];
}

/** `rope_parameters` of Transformers 5, or the keys before it; there a local theta of null is the global one. */
function thetas(fields: Fields): ModernBertConfig['theta'] {
  const positive = (x: number): boolean => x > 0 && x < Infinity;
  const global = fields.number('global_rope_theta', 160_000, positive, 'a positive number');
  const isNull = fields.raw('local_rope_theta') === null;
  const local = isNull ? global : fields.number('local_rope_theta', 10_000, positive, 'a positive number');
  const kinds = recordOf(fields, 'rope_parameters', fields.raw('rope_parameters'), ['full_attention', 'sliding_attention']);
  const of = (kind: string, otherwise: number): number => {
    const given = recordOf(fields, 'rope_parameters', kinds[kind], ['rope_theta', 'rope_type']);
    const { rope_theta: theta = otherwise, rope_type: type = 'default' } = given;
    if (type !== 'default') fields.reject('rope_parameters', `the type ${briefly(type)} of ${kind} is not supported; "default" is`);
    if (typeof theta === 'number' && (positive(theta) || Number.isNaN(theta))) return theta; // NaN: `otherwise`, rejected already
    fields.reject('rope_parameters', `the rope_theta of ${kind} is not a positive number`);
    return NaN;
  };
  return { global: of('full_attention', global), local: of('sliding_attention', local) };
}

/** An object with no other members than these; empty where there is none. */
function recordOf(fields: Fields, key: string, value: unknown, members: readonly string[]): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  const stray = isObject(value) ? Object.keys(value).find((member) => !members.includes(member)) : undefined;
  if (!isObject(value) || stray !== undefined)
    fields.reject(key, `${briefly(stray ?? value)} is not supported; ${members.join(' and ')} are`);
  return isObject(value) ? value : {};
}

function rotary({ hiddenSize, heads, theta, maxPositions }: ModernBertConfig): Readonly<Record<'global' | 'local', RotaryInputs>> {
  const headWidth = hiddenSize / heads;
  return {
    global: rotaryInputs('global', theta.global, headWidth, maxPositions),
    local: rotaryInputs('local', theta.local, headWidth, maxPositions),
  };
}

function inputs(config: ModernBertConfig): readonly EncoderInput[] {
  const { global, local } = rotary(config);
  const hasGlobal = config.isLocal.some((isLocal) => !isLocal);
  const hasLocal = config.isLocal.some(Boolean);
  return [
    tokenRows,
    tokens,
    attentionBias,
    ...(hasGlobal ? [global.cos, global.sin] : []),
    ...(hasLocal ? [local.cos, local.sin, localBias(config.window)] : []),
    ...(config.pooling === 'mean' ? [tokenMask] : []),
  ];
}

function embed(encoder: ModelBuilder, config: ModernBertConfig): Value {
  const { vocabSize, hiddenSize: H, initializerRange: std, normEps } = config;
  const m = encoder.at('embeddings');
  return m.within((g) => {
    const words = g.reshape(wordEmbeddings(m.at('tok_embeddings'), vocabSize, H, { kind: 'normal', std }), ['B*S', H]);
    return m.dropout('drop', layerNorm(m.at('norm'), words, H, normEps, config.hasBias.norm), config.embeddingDropout);
  });
}

/** What a layer's attention sees: angles [S, D/2], and what is added to scores, which broadcasts to [B, A, S, S]. */
interface View {
  readonly cos: Value;
  readonly sin: Value;
  readonly bias: Value;
}

function layers(encoder: ModelBuilder, config: ModernBertConfig): Layer {
  const { hiddenSize: H, normEps, hasBias } = config;
  const views = viewsOf(encoder, config);
  return (encoderAt, index, x, reads) => {
    const m = encoderAt.at('layers').at(index);
    const norm = (at: ModelBuilder, y: Value): Value => layerNorm(at, y, H, normEps, hasBias.norm);
    const seen = index === 0 ? x : norm(m.at('attn_norm'), x);
    const kept = readTokens(m, x, reads, H);
    const attended = attention(m.at('attn'), seen, views(config.isLocal[index] === true), reads, config);
    const middle = m.within((g) => g.Add(kept, attended));
    const y = m.within((g) => g.Add(middle, feedForward(m.at('mlp'), norm(m.at('mlp_norm'), middle), config)));
    return index < config.layers - 1 ? y : norm(encoderAt.at('final_norm'), y);
  };
}

function viewsOf(m: ModelBuilder, config: ModernBertConfig): (isLocal: boolean) => View {
  const bias = m.input(attentionBias);
  const angles = rotary(config);
  const view = ({ cos, sin }: RotaryInputs, seen: Value): View => ({ cos: m.input(cos), sin: m.input(sin), bias: seen });
  const near = (): Value => m.within((g) => g.Min(bias, m.input(localBias(config.window)))); // [B, 1, S, S]
  const of = {
    global: config.isLocal.every(Boolean) ? null : view(angles.global, bias),
    local: config.isLocal.some(Boolean) ? view(angles.local, near()) : null,
  };
  return (isLocal) => (isLocal ? of.local : of.global) as View;
}

/** Attention of x [B*S, H], from one product for queries, keys and values: [B*S, H], or [B, H] for the first tokens. */
function attention(m: ModelBuilder, x: Value, { cos, sin, bias }: View, reads: Reads, config: ModernBertConfig): Value {
  const { hiddenSize: H, heads: A, initializerRange: std, hasBias, attentionDropout: rate } = config;
  const D = H / A;
  const out = (context: Value): Value =>
    m.dropout('out_drop', dense(m.at('Wo'), context, H, H, outInit(config, hasBias.attention)), rate);
  const alpha = 1 / Math.sqrt(D);
  if (reads === 'first') return out(m.within(() => firstTokenContext(m, x, { cos, sin, bias }, config)));
  const all = dense(m.at('Wqkv'), x, H, 3 * H, normalInit(std, hasBias.attention));
  const context = m.within((g) => {
    const [qk, v] = g.Split(all, { split: [2 * H, H], axis: 1 }) as [Value, Value];
    const turned = rotated(m, inHeads(m, qk, 2 * A, D), cos, sin); // [B, 2A, S, D]
    const [q, k] = g.Split(turned, { split: [A, A], axis: 1 }) as [Value, Value];
    const scores = g.Add(g.FusedMatMul(q, k, { transB: 1, alpha }), bias);
    const probabilities = m.dropout('dropout', g.Softmax(scores, { axis: -1 }), rate);
    return outOfHeads(m, g.MatMul(probabilities, inHeads(m, v, A, D)), H);
  });
  return out(context);
}

/**
 * The same for the first token of each text, [B, H], which no angle turns. Its keys are needed; values are not:
 * Σ p (W x + b) = W (Σ p x) + b Σ p.
 */
function firstTokenContext(m: ModelBuilder, x: Value, { cos, sin, bias }: View, config: ModernBertConfig): Value {
  const { g } = m;
  const { hiddenSize: H, heads: A, initializerRange: std, hasBias } = config;
  const D = H / A;
  const parts = m.at('Wqkv');
  const weights = g.Split(parts.parameter('weight', [3 * H, H], { kind: 'normal', std }), { split: [H, H, H], axis: 0 });
  const biases = hasBias.attention ? g.Split(parts.parameter('bias', [3 * H], { kind: 'zeros' }), { split: [H, H, H], axis: 0 }) : [];
  const projected = (y: Value, part: number): Value => g.Gemm(y, weights[part] as Value, biases[part] ?? null, { transB: 1 });
  const q = g.reshape(projected(firstTokens(m, x, H), 0), ['B', A, 1, D]);
  const k = rotated(m, inHeads(m, projected(x, 1), A, D), cos, sin); // [B, A, S, D]
  const seen = bias.shape[2] === 1 ? bias : g.Slice(bias, { starts: [0], ends: [1], axes: [2] }); // [B, 1, 1, S]
  const scores = g.Add(g.FusedMatMul(q, k, { transB: 1, alpha: 1 / Math.sqrt(D) }), seen);
  const probabilities = m.dropout('dropout', g.Softmax(scores, { axis: -1 }), config.attentionDropout); // [B, A, 1, S]
  const valueBias = biases[2] === undefined ? null : g.reshape(biases[2], [A, 1, D]);
  const context = attendedValues(
    m,
    g.reshape(probabilities, ['B', A, 'S']),
    g.reshape(x, ['B', 'S', H]),
    g.reshape(weights[2] as Value, [A, D, H]),
    valueBias,
  ); // [A, B, D]
  return g.reshape(g.Transpose(context, { perm: [1, 0, 2] }), ['B', H]);
}

/** Wo (act(a) ∘ b), a and b the two halves of Wi x. */
function feedForward(m: ModelBuilder, x: Value, config: ModernBertConfig): Value {
  const { hiddenSize: H, intermediateSize: I, initializerRange: std, hasBias } = config;
  const both = dense(m.at('Wi'), x, H, 2 * I, normalInit(std, hasBias.feedForward));
  const gated = m.within((g) => {
    const [a, b] = g.Split(both, { split: [I, I], axis: 1 }) as [Value, Value];
    return m.dropout('drop', g.Mul(activate(m, a, config.activation), b), config.feedForwardDropout);
  });
  return dense(m.at('Wo'), gated, I, H, outInit(config, hasBias.feedForward));
}

function pooled(encoder: ModelBuilder, config: ModernBertConfig, encoded: Encoded): Value {
  const { hiddenSize: H, hasBias } = config;
  const m = encoder.at('head');
  const x = config.pooling === 'cls' ? encoded.last('first') : meanTokens(m, encoded.last('all'), H);
  const activated = activatedDense(m, x, H, outInit(config, hasBias.head), config.headActivation);
  return layerNorm(m.at('norm'), activated, H, config.normEps, hasBias.norm);
}

/** Layers whose results are added to others start smaller the more layers there are. */
function outInit({ initializerRange: std, layers: count }: ModernBertConfig, hasBias: boolean): ReturnType<typeof normalInit> {
  return normalInit(std / Math.sqrt(2 * count), hasBias);
}

import { parentScope } from '../graph/index.ts';
import type { Value } from '../graph/types.ts';
import type { Encoded } from './architecture.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { activate, dense, layerNorm, type DenseInit } from './layers.ts';
import type { ModelBuilder } from './model-builder.ts';

/** What the parts of a layer are called, below the layer's own name. */
export interface LayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly probabilitiesDropout: string;
  readonly attended: string;
  /** null where what attention gives has no dropout of its own. */
  readonly attendedDropout: string | null;
  readonly attendedNorm: string;
  readonly inner: string;
  readonly outer: string;
  readonly outerDropout: string;
  readonly outerNorm: string;
}

/** Which tokens a layer computes: all of them, or the first of each text only. */
type Reads = 'all' | 'first';

/**
 * Embeddings and layers up to the last hidden state of each text's first token, which is `pooled`: [B, hidden]. Because
 * nothing else of the last layer is read, that layer computes the first token only.
 *
 * @param name of the encoder, in front of `embeddings`
 * @param layers name of the list of layers, in front of their numbers
 */
export function transformer(m: ModelBuilder, config: EncoderConfig, name: string, layers: string, names: LayerNames): Encoded {
  const bias = m.g.input('attention_bias', 'float32', ['B', 1, 1, 'S']);
  const hidden = [embeddings(m, config, `${name}.embeddings`)];
  let x = hidden[0] as Value;
  for (let i = 0; i < config.layers; i++) {
    const last = i === config.layers - 1;
    x = layer(m, config, `${layers}.${i}`, names, x, bias, last ? 'first' : 'all');
    if (!last) hidden.push(x);
  }
  return { hidden, pooled: x };
}

export function denseInit(config: EncoderConfig): DenseInit {
  return { weight: { kind: 'normal', std: config.initializerRange }, bias: { kind: 'zeros' } };
}

/** Sum of token, position and segment embeddings, normalized: [B*S, hidden]. */
function embeddings(m: ModelBuilder, config: EncoderConfig, name: string): Value {
  return m.g.scope(name, () => sumOfEmbeddings(m, config, name));
}

function sumOfEmbeddings(m: ModelBuilder, config: EncoderConfig, name: string): Value {
  const { g } = m;
  const { hiddenSize: H, maxPositions, firstPosition } = config;
  const init = { kind: 'normal', std: config.initializerRange } as const;
  const rows = m.tableRows(`${name}.word_embeddings.weight`, [config.vocabSize, H], init, g.input('token_rows', 'int32', ['U']));
  const words = g.Gather(rows, g.input('tokens', 'int32', ['B', 'S']), { axis: 0 }); // [B, S, H]
  const positions = m.tableRows(
    `${name}.position_embeddings.weight`,
    [firstPosition + maxPositions, H],
    init,
    g.input('positions', 'int32', ['S']),
  );
  const sum = withTypes(m, config, `${name}.token_type_embeddings.weight`, g.reshape(g.Add(words, positions), ['B*S', H]));
  return m.dropout(`${name}.dropout`, layerNorm(m, `${name}.LayerNorm`, sum, H, config.layerNormEps), config.hiddenDropout);
}

/** Adds each token's segment embedding to x [B*S, hidden]; one segment for all needs no feed. */
function withTypes(m: ModelBuilder, { typeVocabSize, hiddenSize, initializerRange }: EncoderConfig, name: string, x: Value): Value {
  if (typeVocabSize === 0) return x;
  const types = m.parameter(name, [typeVocabSize, hiddenSize], { kind: 'normal', std: initializerRange });
  return typeVocabSize === 1 ? m.g.Add(x, types) : m.g.Gemm(oneHotTypes(m, typeVocabSize), types, x);
}

/**
 * Which segment each token belongs to, one-hot: [B*S, types]. A product with it is the look-up in the segment table, and its
 * gradient is a product too, where a scatter would add thousands of rows into two.
 */
function oneHotTypes({ g }: ModelBuilder, count: number): Value {
  const types = g.reshape(g.input('token_types', 'int32', ['B', 'S']), ['B*S', 1]);
  const each = g.constant(Int32Array.from({ length: count }, (_, type) => type), 'int32', [1, count]);
  return g.Cast(g.Equal(types, each), { to: 'float32' });
}

/** One layer: attention and feed-forward, each with a residual and layer normalization after it. */
function layer(m: ModelBuilder, config: EncoderConfig, name: string, names: LayerNames, x: Value, bias: Value, reads: Reads): Value {
  const { hiddenSize: H, intermediateSize, layerNormEps, hiddenDropout } = config;
  const init = denseInit(config);
  const of = (part: string): string => `${name}.${part}`;
  const dropout = (part: string | null, y: Value): Value => (part === null ? y : m.dropout(of(part), y, hiddenDropout));
  const within = <T>(part: string, write: () => T): T => m.g.scope(parentScope(of(part)), write);
  const queries = reads === 'all' ? x : m.g.scope(name, () => firstTokens(m, x, H));
  const context = within(names.query, () =>
    reads === 'all' ? attention(m, config, of, names, x, bias) : firstTokenAttention(m, config, of, names, queries, x, bias),
  );
  const attended = dropout(names.attendedDropout, dense(m, of(names.attended), context, H, H, init));
  const middle = layerNorm(m, of(names.attendedNorm), within(names.attendedNorm, () => m.g.Add(attended, queries)), H, layerNormEps);
  const widened = dense(m, of(names.inner), middle, H, intermediateSize, init);
  const inner = within(names.inner, () => activate(m, widened, config.activation));
  const outer = dropout(names.outerDropout, dense(m, of(names.outer), inner, intermediateSize, H, init));
  return layerNorm(m, of(names.outerNorm), within(names.outerNorm, () => m.g.Add(outer, middle)), H, layerNormEps);
}

/** softmax(Q Kᵀ / √D + bias) V in heads of width D: x [B*S, hidden] → [B*S, hidden]. */
function attention(m: ModelBuilder, config: EncoderConfig, of: (part: string) => string, names: LayerNames, x: Value, bias: Value): Value {
  const { g } = m;
  const { hiddenSize: H, heads: A } = config;
  const D = H / A;
  const inHeads = (part: string): Value =>
    g.Transpose(g.reshape(dense(m, of(part), x, H, H, denseInit(config)), ['B', 'S', A, D]), { perm: [0, 2, 1, 3] });
  const [q, k, v] = [inHeads(names.query), inHeads(names.key), inHeads(names.value)]; // [B, A, S, D]
  const scores = g.FusedMatMul(q, k, { transB: 1, alpha: 1 / Math.sqrt(D) }); // [B, A, S, S]
  const probabilities = m.dropout(of(names.probabilitiesDropout), g.Softmax(g.Add(scores, bias), { axis: -1 }), config.attentionDropout);
  return g.reshape(g.Transpose(g.MatMul(probabilities, v), { perm: [0, 2, 1, 3] }), ['B*S', H]);
}

/**
 * The same for one query a text, without keys and values of the tokens, which would be most of the work: in each head,
 * q · (W x + b) = (Wᵀ q) · x + q · b and Σ p (W x + b) = W (Σ p x) + b Σ p. The product q · b is the same for all tokens of a
 * text, so softmax does not see it and the key's bias has no gradient. queries [B, hidden], x [B*S, hidden] → [B, hidden].
 */
function firstTokenAttention(
  m: ModelBuilder,
  config: EncoderConfig,
  of: (part: string) => string,
  names: LayerNames,
  queries: Value,
  x: Value,
  bias: Value,
): Value {
  const { g } = m;
  const { hiddenSize: H, heads: A } = config;
  const D = H / A;
  const init = denseInit(config);
  const swapped = (y: Value): Value => g.Transpose(y, { perm: [1, 0, 2] });
  const parameters = (part: string): readonly [Value, Value] => [
    g.reshape(m.parameter(`${of(part)}.weight`, [H, H], init.weight), [A, D, H]),
    g.reshape(m.parameter(`${of(part)}.bias`, [H], init.bias), [A, 1, D]),
  ];
  const texts = g.reshape(x, ['B', 'S', H]);
  const q = swapped(g.reshape(dense(m, of(names.query), queries, H, H, init), ['B', A, D])); // [A, B, D]
  const [keyWeight] = parameters(names.key);
  const [valueWeight, valueBias] = parameters(names.value);
  const scores = g.FusedMatMul(swapped(g.MatMul(q, keyWeight)), texts, { transB: 1, alpha: 1 / Math.sqrt(D) }); // [B, A, S]
  const attended = g.Softmax(g.Add(scores, g.reshape(bias, ['B', 1, 'S'])), { axis: -1 });
  const probabilities = m.dropout(of(names.probabilitiesDropout), attended, config.attentionDropout);
  const total = swapped(g.ReduceSum(probabilities, { axes: [2] })); // [A, B, 1]
  const context = g.FusedMatMul(swapped(g.MatMul(probabilities, texts)), valueWeight, { transB: 1 }); // [A, B, D]
  return g.reshape(swapped(g.Add(context, g.Mul(total, valueBias))), ['B', H]);
}

/** The first row of every text: [B*S, width] → [B, width]. */
function firstTokens({ g }: ModelBuilder, x: Value, width: number): Value {
  const texts = g.reshape(x, ['B', 'S', width]);
  return g.reshape(g.Slice(texts, { starts: [0], ends: [1], axes: [1] }), ['B', width]);
}

import type { Dim, Value } from '../graph/types.ts';
import type { EncoderConfig } from './config.ts';
import { activate, dense, layerNorm, type DenseInit } from './layers.ts';
import type { ModelBuilder } from './model-builder.ts';

/** What an encoder computes. Activations are [B*S, hidden]: one row a token. */
export interface Encoded {
  /** The input of every layer, the first being the embeddings. */
  readonly hidden: readonly Value[];
  /** What a classification head reads: [B, hidden]. */
  readonly pooled: Value;
}

/** How a layer's queries are taken: from every token, or from the first of each text only. */
type Reads = 'all' | 'first';

/**
 * BERT (Devlin et al. 2018) with the pooler, as Hugging Face's BertModel: pooled = tanh of a dense layer over the last
 * hidden state of the first token. Because nothing else of the last layer is read, that layer computes the first token only.
 * Feeds are those of `batchFeeds`; dropout sits where BertModel has it.
 */
export function bert(m: ModelBuilder, config: EncoderConfig): Encoded {
  const bias = m.g.input('attention_bias', 'float32', ['B', 1, 1, 'S']);
  const hidden = [embeddings(m, config)];
  let x = hidden[0] as Value;
  for (let i = 0; i < config.layers; i++) {
    const last = i === config.layers - 1;
    x = layer(m, config, `bert.encoder.layer.${i}`, x, bias, last ? 'first' : 'all');
    if (!last) hidden.push(x);
  }
  const pooled = m.g.Tanh(dense(m, 'bert.pooler.dense', x, config.hiddenSize, config.hiddenSize, denseInit(config)));
  return { hidden, pooled };
}

/** Sum of token, position and segment embeddings, normalized: [B*S, hidden]. */
function embeddings(m: ModelBuilder, config: EncoderConfig): Value {
  const { g } = m;
  const name = 'bert.embeddings';
  const { hiddenSize: H, typeVocabSize } = config;
  const init = { kind: 'normal', std: config.initializerRange } as const;
  const rows = m.tableRows(`${name}.word_embeddings.weight`, [config.vocabSize, H], init, g.input('token_rows', 'int32', ['U']));
  const words = g.Gather(rows, g.input('tokens', 'int32', ['B', 'S']), { axis: 0 }); // [B, S, H]
  const positions = m.tableRows(`${name}.position_embeddings.weight`, [config.maxPositions, H], init, g.input('positions', 'int32', ['S']));
  const types = m.parameter(`${name}.token_type_embeddings.weight`, [typeVocabSize, H], init);
  const placed = g.reshape(g.Add(words, positions), ['B*S', H]);
  const sum = g.Gemm(oneHotTypes(m, typeVocabSize), types, placed);
  return m.dropout(`${name}.dropout`, layerNorm(m, `${name}.LayerNorm`, sum, H, config.layerNormEps), config.hiddenDropout);
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
function layer(m: ModelBuilder, config: EncoderConfig, name: string, x: Value, bias: Value, reads: Reads): Value {
  const { hiddenSize: H, intermediateSize, layerNormEps, hiddenDropout } = config;
  const init = denseInit(config);
  const queries = reads === 'all' ? x : firstTokens(m, x, H);
  const context = attention(m, config, `${name}.attention.self`, queries, x, bias, reads === 'all' ? 'S' : 1);
  const attended = m.dropout(`${name}.attention.output.dropout`, dense(m, `${name}.attention.output.dense`, context, H, H, init), hiddenDropout);
  const middle = layerNorm(m, `${name}.attention.output.LayerNorm`, m.g.Add(attended, queries), H, layerNormEps);
  const inner = activate(m, dense(m, `${name}.intermediate.dense`, middle, H, intermediateSize, init), config.activation);
  const outer = m.dropout(`${name}.output.dropout`, dense(m, `${name}.output.dense`, inner, intermediateSize, H, init), hiddenDropout);
  return layerNorm(m, `${name}.output.LayerNorm`, m.g.Add(outer, middle), H, layerNormEps);
}

/**
 * softmax(Q Kᵀ / √D + bias) V in heads of width D, for `length` queries a text over all S tokens:
 * queries [B*length, hidden], x [B*S, hidden] → [B*length, hidden].
 */
function attention(m: ModelBuilder, config: EncoderConfig, name: string, queries: Value, x: Value, bias: Value, length: Dim): Value {
  const { g } = m;
  const { hiddenSize: H, heads: A } = config;
  const D = H / A;
  const init = denseInit(config);
  const inHeads = (rows: Value, tokens: Dim): Value => g.Transpose(g.reshape(rows, ['B', tokens, A, D]), { perm: [0, 2, 1, 3] });
  const q = inHeads(dense(m, `${name}.query`, queries, H, H, init), length); // [B, A, length, D]
  const k = inHeads(dense(m, `${name}.key`, x, H, H, init), 'S'); // [B, A, S, D]
  const v = inHeads(dense(m, `${name}.value`, x, H, H, init), 'S');
  const scores = g.FusedMatMul(q, k, { transB: 1, alpha: 1 / Math.sqrt(D) }); // [B, A, length, S]
  const probabilities = m.dropout(`${name}.dropout`, g.Softmax(g.Add(scores, bias), { axis: -1 }), config.attentionDropout);
  const context = g.Transpose(g.MatMul(probabilities, v), { perm: [0, 2, 1, 3] }); // [B, length, A, D]
  return g.reshape(context, [length === 1 ? 'B' : 'B*S', H]);
}

/** The first row of every text: [B*S, width] → [B, width]. */
function firstTokens({ g }: ModelBuilder, x: Value, width: number): Value {
  const texts = g.reshape(x, ['B', 'S', width]);
  return g.reshape(g.Slice(texts, { starts: [0], ends: [1], axes: [1] }), ['B', width]);
}

function denseInit(config: EncoderConfig): DenseInit {
  return { weight: { kind: 'normal', std: config.initializerRange }, bias: { kind: 'zeros' } };
}

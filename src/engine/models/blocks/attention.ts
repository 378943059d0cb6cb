import type { Value } from '../../graph/index.ts';
import { dense, type DenseInit } from './dense.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** Attention in heads that share the width equally. */
export interface AttentionOptions {
  /** Width of the activations. */
  readonly width: number;
  readonly heads: number;
  readonly init: DenseInit;
  /** Of the probabilities. */
  readonly dropout: number;
}

/** What the parts of attention are called, below the layer's own name. */
export interface AttentionNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly probabilitiesDropout: string;
}

/** [B*S, A D] → [B, A, S, D] */
export function inHeads({ g }: ModelBuilder, x: Value, heads: number, headWidth: number): Value {
  return g.Transpose(g.reshape(x, ['B', 'S', heads, headWidth]), { perm: [0, 2, 1, 3] });
}

/** [B, A, S, D] → [B*S, A D] */
export function outOfHeads({ g }: ModelBuilder, x: Value, width: number): Value {
  return g.reshape(g.Transpose(x, { perm: [0, 2, 1, 3] }), ['B*S', width]);
}

/** softmax(Q Kᵀ / √D + bias) V in heads of width D: x [B*S, width] → [B*S, width]; `bias` broadcasts to [B, A, S, S]. */
export function attention(m: ModelBuilder, names: AttentionNames, x: Value, bias: Value, options: AttentionOptions): Value {
  const { g } = m;
  const { width: H, heads: A, init } = options;
  const D = H / A;
  const projected = (part: string): Value => inHeads(m, dense(m.at(part), x, H, H, init), A, D);
  const [q, k, v] = [projected(names.query), projected(names.key), projected(names.value)]; // [B, A, S, D]
  const scores = g.FusedMatMul(q, k, { transB: 1, alpha: 1 / Math.sqrt(D) }); // [B, A, S, S]
  const probabilities = m.dropout(names.probabilitiesDropout, g.Softmax(g.Add(scores, bias), { axis: -1 }), options.dropout);
  return outOfHeads(m, g.MatMul(probabilities, v), H);
}

/**
 * The same for one query a text, without keys and values of the tokens, which would be most of the work: in each head,
 * q · (W x + b) = (Wᵀ q) · x + q · b and Σ p (W x + b) = W (Σ p x) + b Σ p. The product q · b is the same for all tokens of a
 * text, so softmax does not see it and the key's bias has no gradient. queries [B, width], x [B*S, width], bias [B, 1 or A, 1, S]
 * → [B, width].
 */
export function firstTokenAttention(
  m: ModelBuilder,
  names: AttentionNames,
  queries: Value,
  x: Value,
  bias: Value,
  options: AttentionOptions,
): Value {
  const { g } = m;
  const { width: H, heads: A, init } = options;
  const D = H / A;
  const swapped = (y: Value): Value => g.Transpose(y, { perm: [1, 0, 2] });
  const texts = g.reshape(x, ['B', 'S', H]);
  const q = swapped(g.reshape(dense(m.at(names.query), queries, H, H, init), ['B', A, D])); // [A, B, D]
  const [keyWeight] = headParameters(m.at(names.key), options);
  const [valueWeight, valueBias] = headParameters(m.at(names.value), options);
  const scores = g.FusedMatMul(swapped(g.MatMul(q, keyWeight)), texts, { transB: 1, alpha: 1 / Math.sqrt(D) }); // [B, A, S]
  const attended = g.Softmax(g.Add(scores, g.reshape(bias, ['B', bias.shape[1] ?? 1, 'S'])), { axis: -1 });
  const probabilities = m.dropout(names.probabilitiesDropout, attended, options.dropout);
  return g.reshape(swapped(attendedValues(m, probabilities, texts, valueWeight, valueBias)), ['B', H]);
}

/** Σ p (W x + b) of probabilities [B, A, S] and texts [B, S, H], with W [A, D, H] and b [A, 1, D], or null: [A, B, D]. */
export function attendedValues({ g }: ModelBuilder, probabilities: Value, texts: Value, weight: Value, bias: Value | null): Value {
  const swapped = (y: Value): Value => g.Transpose(y, { perm: [1, 0, 2] });
  const total = bias === null ? null : swapped(g.ReduceSum(probabilities, { axes: [2] })); // [A, B, 1]
  const context = g.FusedMatMul(swapped(g.MatMul(probabilities, texts)), weight, { transB: 1 }); // [A, B, D]
  return bias === null || total === null ? context : g.Add(context, g.Mul(total, bias));
}

/** Weight and bias of a dense layer from H to H by head: [A, D, H] and [A, 1, D]. */
function headParameters(m: ModelBuilder, { width: H, heads: A, init }: AttentionOptions): readonly [weight: Value, bias: Value] {
  const D = H / A;
  return [
    m.g.reshape(m.parameter('weight', [H, H], init.weight), [A, D, H]),
    m.g.reshape(m.parameter('bias', [H], init.bias ?? { kind: 'zeros' }), [A, 1, D]),
  ];
}

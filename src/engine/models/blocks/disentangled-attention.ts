import type { Value } from '../../graph/index.ts';
import type { Reads } from '../encoder.ts';
import type { ModelBuilder } from '../model-builder.ts';
import { attendedValues } from './attention.ts';
import { dense, type DenseInit } from './dense.ts';
import { firstTokens } from './first-tokens.ts';
import type { DistanceInputs } from './relative-positions.ts';

/** Positions as disentangled attention sees them. */
export interface RelativePositions {
  /** Rows of the table of relative positions that occur, [R, width], before dropout. */
  readonly table: Value;
  readonly inputs: DistanceInputs;
  /** Names of the dense layers that positions go through as keys and as queries; null where there is no such term. */
  readonly key: string | null;
  readonly query: string | null;
  /** Of the table, in every layer. */
  readonly dropout: number;
}

export interface DisentangledOptions {
  readonly width: number;
  readonly heads: number;
  readonly init: DenseInit;
  /** Of the probabilities. */
  readonly dropout: number;
  /** How many terms a score has: 1, and one for each of the two kinds of positions. Scores are divided by √(D · terms). */
  readonly terms: number;
}

/**
 * DeBERTa's attention (He et al. 2021): softmax((q_i·k_j + q_i·PK[i - j] + k_j·PQ[i - j]) / √(D · terms) + bias) V, where PK and PQ are
 * the relative positions as keys and queries. `m` stands at `attention.self`; x [B*S, width], bias [B, 1, 1, S] → [B*S, width], or
 * [B, width] for the first tokens.
 *
 * A product with all 2S positions, read askew, gives the terms of all pairs (`Skew`); nothing is looked up by pair. Heads come before the
 * batch, [A, B, S, D], so that such a product is one of matrices for each head.
 */
export function disentangledAttention(
  m: ModelBuilder,
  x: Value,
  bias: Value,
  positions: RelativePositions | null,
  reads: Reads,
  options: DisentangledOptions,
): Value {
  return reads === 'all' ? ofAllTokens(m, x, bias, positions, options) : ofFirstTokens(m, x, bias, positions, options);
}

function ofAllTokens(m: ModelBuilder, x: Value, bias: Value, positions: RelativePositions | null, options: DisentangledOptions): Value {
  const { g } = m;
  const { width: H, heads: A, init } = options;
  const D = H / A;
  const alpha = 1 / Math.sqrt(D * options.terms);
  const projected = (part: string): Value => inHeads(m, dense(m.at(part), x, H, H, init), A, D); // [A, B, S, D]
  const [q, k, v] = [projected('query_proj'), projected('key_proj'), projected('value_proj')];
  /** y · positions for every pair, [A, B, S, S], where the row of a pair belongs to y. */
  const askew = (y: Value, rows: Value): Value => {
    const products = g.FusedMatMul(g.reshape(y, [A, 'B*S', D]), rows, { transB: 1, alpha }); // [A, B*S, 2S]
    return g.Skew(g.reshape(products, [A, 'B', 'S', '2*S']));
  };
  let scores = g.FusedMatMul(q, k, { transB: 1, alpha });
  const relative = positions === null ? null : dropped(m, positions);
  if (positions !== null && relative !== null && positions.key !== null)
    scores = g.Add(scores, askew(q, atPlaces(m, relative, positions.key, m.input(positions.inputs.places), '2*S', options)));
  if (positions !== null && relative !== null && positions.query !== null) {
    const byKey = askew(k, atPlaces(m, relative, positions.query, m.input(positions.inputs.reversed), '2*S', options)); // [.., j, i]
    scores = g.Add(scores, g.Transpose(byKey, { perm: [0, 1, 3, 2] }));
  }
  const masked = g.Add(scores, g.reshape(bias, ['B', 1, 'S']));
  const probabilities = m.dropout('dropout', g.Softmax(masked, { axis: -1 }), options.dropout);
  return g.reshape(g.Transpose(g.MatMul(probabilities, v), { perm: [1, 2, 0, 3] }), ['B*S', H]);
}

/** The same for one query a text. Values are not computed: Σ p (W x + b) = W (Σ p x) + b Σ p. */
function ofFirstTokens(m: ModelBuilder, x: Value, bias: Value, positions: RelativePositions | null, options: DisentangledOptions): Value {
  const { g } = m;
  const { width: H, heads: A, init } = options;
  const D = H / A;
  const alpha = 1 / Math.sqrt(D * options.terms);
  const queries = dense(m.at('query_proj'), firstTokens(m, x, H), H, H, init);
  const q = g.Transpose(g.reshape(queries, ['B', A, D]), { perm: [1, 0, 2] }); // [A, B, D]
  const k = inHeads(m, dense(m.at('key_proj'), x, H, H, init), A, D); // [A, B, S, D]
  let scores = g.reshape(g.FusedMatMul(g.reshape(q, [A, 'B', 1, D]), k, { transB: 1, alpha }), [A, 'B', 'S']);
  const relative = positions === null ? null : dropped(m, positions);
  const rows = (name: string): Value =>
    atPlaces(m, relative as Value, name, m.input((positions as RelativePositions).inputs.first), 'S', options); // [A, S, D]
  if (positions !== null && positions.key !== null) scores = g.Add(scores, g.FusedMatMul(q, rows(positions.key), { transB: 1, alpha }));
  if (positions !== null && positions.query !== null) {
    const products = g.Mul(k, g.reshape(rows(positions.query), [A, 1, 'S', D]));
    scores = g.Add(scores, g.Mul(g.ReduceSum(products, { axes: [3], keepdims: 0 }), g.scalar(alpha)));
  }
  const masked = g.Add(scores, g.reshape(bias, ['B', 'S']));
  const attended = m.dropout('dropout', g.Softmax(masked, { axis: -1 }), options.dropout); // [A, B, S]
  const weight = g.reshape(m.at('value_proj').parameter('weight', [H, H], init.weight), [A, D, H]);
  const valueBias = g.reshape(m.at('value_proj').parameter('bias', [H], init.bias ?? { kind: 'zeros' }), [A, 1, D]);
  const context = attendedValues(m, g.Transpose(attended, { perm: [1, 0, 2] }), g.reshape(x, ['B', 'S', H]), weight, valueBias);
  return g.reshape(g.Transpose(context, { perm: [1, 0, 2] }), ['B', H]);
}

function dropped(m: ModelBuilder, { table, dropout }: RelativePositions): Value {
  return m.dropout('pos_dropout', table, dropout);
}

/** [B*S, A D] → [A, B, S, D] */
function inHeads({ g }: ModelBuilder, x: Value, heads: number, headWidth: number): Value {
  return g.Transpose(g.reshape(x, ['B', 'S', heads, headWidth]), { perm: [2, 0, 1, 3] });
}

/** Relative positions through a dense layer, those at the places: [A, places, D]. */
function atPlaces(m: ModelBuilder, table: Value, name: string, places: Value, count: string, options: DisentangledOptions): Value {
  const { g } = m;
  const { width: H, heads: A, init } = options;
  const projected = g.Gather(dense(m.at(name), table, H, H, init), places, { axis: 0 }); // [places, H]
  return g.Transpose(g.reshape(projected, [count, A, H / A]), { perm: [1, 0, 2] });
}

import type { Value } from '../../graph/index.ts';
import type { Initializer } from '../../program.ts';
import { tokenRows, tokens, tokenTypes, type EncoderInput } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** Rows of the table `weight` [vocabulary, width] of the part that `m` stands at, one for each token: [B, S, width]. */
export function wordEmbeddings(m: ModelBuilder, vocabulary: number, width: number, init: Initializer): Value {
  const rows = m.tableRows('weight', [vocabulary, width], init, tokenRows);
  return m.g.Gather(rows, m.input(tokens), { axis: 0 });
}

/** Rows of the table `weight` [rows, width] for the positions, the same in every text: [S, width]. */
export function positionEmbeddings(m: ModelBuilder, rows: number, width: number, init: Initializer, positions: EncoderInput): Value {
  return m.tableRows('weight', [rows, width], init, positions);
}

/** Adds each token's segment embedding to x [B*S, width]; one segment for all needs no feed, and none no table. */
export function withTokenTypes(m: ModelBuilder, x: Value, count: number, width: number, init: Initializer): Value {
  if (count === 0) return x;
  const types = m.parameter('weight', [count, width], init);
  return count === 1 ? m.g.Add(x, types) : m.g.Gemm(oneHotTypes(m, count), types, x);
}

/**
 * Which segment each token belongs to, one-hot: [B*S, types]. A product with it is the look-up in the segment table, and its
 * gradient is a product too, where a scatter would add thousands of rows into two.
 */
function oneHotTypes(m: ModelBuilder, count: number): Value {
  const { g } = m;
  const types = g.reshape(m.input(tokenTypes), ['B*S', 1]);
  const each = g.constant(Int32Array.from({ length: count }, (_, type) => type), 'int32', [1, count]);
  return g.Cast(g.Equal(types, each), { to: 'float32' });
}

import type { Value } from '../../graph/index.ts';
import type { Initializer } from '../../program.ts';
import { tokenRows, tokens, tokenTypes, type EncoderInput } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** Rows of the table `weight` [vocabulary, width] of the part that `m` stands at, one for each token: [B, S, width]. */
export function wordEmbeddings(m: ModelBuilder, vocabulary: number, width: number, init: Initializer): Value {
  const rows = m.tableRows('weight', [vocabulary, width], init, tokenRows);
  return m.g.Gather(rows, m.input(tokens), { axis: 0 });
}

export interface EmbeddingTables {
  readonly vocabSize: number;
  readonly width: number;
  /** Rows of the position table, and which of them a text's tokens take; null where positions are not added. */
  readonly places: { readonly rows: number; readonly input: EncoderInput } | null;
  /** Segments. */
  readonly types: number;
  readonly init: Initializer;
}

/** Sum of BERT's word, position and segment embeddings, from tables below the part that `m` stands at: [B*S, width]. */
export function summedEmbeddings(m: ModelBuilder, { vocabSize, width, places, types, init }: EmbeddingTables): Value {
  const words = wordEmbeddings(m.at('word_embeddings'), vocabSize, width, init);
  const table = m.at('position_embeddings');
  const at = places === null ? null : table.tableRows('weight', [places.rows, width], init, places.input); // [S, width]
  const rows = m.g.reshape(at === null ? words : m.g.Add(words, at), ['B*S', width]);
  return withTokenTypes(m.at('token_type_embeddings'), rows, types, width, init);
}

/** Adds each token's segment embedding to x [B*S, width]; one segment for all needs no feed, and none no table. */
function withTokenTypes(m: ModelBuilder, x: Value, count: number, width: number, init: Initializer): Value {
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

import type { Value } from '../../graph/index.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** The first row of every text: [B*S, width] → [B, width]. */
export function firstTokens({ g }: ModelBuilder, x: Value, width: number): Value {
  const texts = g.reshape(x, ['B', 'S', width]);
  return g.reshape(g.Slice(texts, { starts: [0], ends: [1], axes: [1] }), ['B', width]);
}

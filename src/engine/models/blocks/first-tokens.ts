import type { Value } from '../../graph/index.ts';
import type { Reads } from '../encoder.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** The first row of every text: [B*S, width] → [B, width]. */
export function firstTokens({ g }: ModelBuilder, x: Value, width: number): Value {
  const texts = g.reshape(x, ['B', 'S', width]);
  return g.reshape(g.Slice(texts, { starts: [0], ends: [1], axes: [1] }), ['B', width]);
}

/** The rows of x [B*S, width] that are read: all of them, or [B, width]. */
export function readTokens(m: ModelBuilder, x: Value, reads: Reads, width: number): Value {
  return reads === 'all' ? x : m.within(() => firstTokens(m, x, width));
}

import type { Value } from '../../graph/index.ts';
import { tokenMask } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** The mean over the tokens of each text, padding left out: x [B*S, width] → [B, width]. */
export function meanOfTokens(m: ModelBuilder, x: Value, width: number): Value {
  const { g } = m;
  const mask = m.input(tokenMask); // [B, S]
  const sums = g.MatMul(g.reshape(mask, ['B', 1, 'S']), g.reshape(x, ['B', 'S', width])); // [B, 1, width]
  return g.Div(g.reshape(sums, ['B', width]), g.ReduceSum(mask, { axes: [1] }));
}

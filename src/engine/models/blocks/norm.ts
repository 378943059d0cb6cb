import type { Value } from '../../graph/index.ts';
import type { ModelBuilder } from '../model-builder.ts';

/**
 * Layer normalization over the last axis, (x − mean) / √(variance + epsilon) · weight + bias, of x [N, width], with the parameters of the
 * layer that `m` stands at; the bias may be left out.
 */
export function layerNorm(m: ModelBuilder, x: Value, width: number, epsilon: number, hasBias = true): Value {
  const weight = m.parameter('weight', [width], { kind: 'ones' });
  const bias = hasBias ? m.parameter('bias', [width], { kind: 'zeros' }) : null;
  const [y] = m.within((g) => g.LayerNormalization(x, weight, bias, { axis: -1, epsilon }));
  return y;
}

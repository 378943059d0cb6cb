import type { Value } from '../graph/types.ts';
import type { Initializer } from '../program.ts';
import type { ModelBuilder } from './model-builder.ts';

/** How a dense layer's weight and bias start. */
export interface DenseInit {
  readonly weight: Initializer;
  readonly bias: Initializer;
}

/** x Wᵀ + b of x [N, inputs] with `${name}.weight` [outputs, inputs] and `${name}.bias` [outputs]: [N, outputs]. */
export function dense(m: ModelBuilder, name: string, x: Value, inputs: number, outputs: number, init: DenseInit): Value {
  const weight = m.parameter(`${name}.weight`, [outputs, inputs], init.weight);
  const bias = m.parameter(`${name}.bias`, [outputs], init.bias);
  return m.g.scope(name, () => m.g.Gemm(x, weight, bias, { transB: 1 }));
}

/** Layer normalization over the last axis, (x − mean) / √(variance + epsilon) · weight + bias, of x [N, width]. */
export function layerNorm(m: ModelBuilder, name: string, x: Value, width: number, epsilon: number): Value {
  const weight = m.parameter(`${name}.weight`, [width], { kind: 'ones' });
  const bias = m.parameter(`${name}.bias`, [width], { kind: 'zeros' });
  const [y] = m.g.scope(name, () => m.g.LayerNormalization(x, weight, bias, { axis: -1, epsilon }));
  return y;
}

export type Activation = 'none' | 'relu' | 'tanh' | 'sigmoid' | 'silu' | 'gelu' | 'gelu-tanh' | 'gelu-sigmoid';

export function activate(m: ModelBuilder, x: Value, activation: Activation): Value {
  switch (activation) {
    case 'none':
      return x;
    case 'relu':
      return m.g.Relu(x);
    case 'tanh':
      return m.g.Tanh(x);
    case 'sigmoid':
      return m.g.Sigmoid(x);
    case 'silu':
      return m.g.Mul(x, m.g.Sigmoid(x));
    case 'gelu':
      return m.g.Gelu(x);
    case 'gelu-sigmoid':
      return m.g.Mul(x, m.g.Sigmoid(m.g.Mul(x, m.g.scalar(1.702))));
    case 'gelu-tanh':
      return geluTanh(m, x);
  }
}

/** ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): Hendrycks and Gimpel's approximation, GPT's and ALBERT's GELU. */
function geluTanh({ g }: ModelBuilder, x: Value): Value {
  const cubic = g.Mul(g.Mul(g.Mul(x, x), x), g.scalar(0.044715));
  const inner = g.Mul(g.Add(x, cubic), g.scalar(Math.sqrt(2 / Math.PI)));
  return g.Mul(g.Mul(x, g.scalar(0.5)), g.Add(g.Tanh(inner), g.scalar(1)));
}

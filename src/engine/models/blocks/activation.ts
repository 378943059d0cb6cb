import type { Value } from '../../graph/index.ts';
import type { ModelBuilder } from '../model-builder.ts';

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

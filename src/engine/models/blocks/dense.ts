import type { Value } from '../../graph/index.ts';
import type { Initializer } from '../../program.ts';
import type { ModelBuilder } from '../model-builder.ts';
import { activate, type Activation } from './activation.ts';

/** How the weight and bias of a dense layer start; a layer without a bias has null. */
export interface DenseInit {
  readonly weight: Initializer;
  readonly bias: Initializer | null;
}

/** As Hugging Face's models start: weights normal with this standard deviation, biases, if there are any, zero. */
export function normalInit(std: number, hasBias = true): DenseInit {
  return { weight: { kind: 'normal', std }, bias: hasBias ? { kind: 'zeros' } : null };
}

/** x Wᵀ + b of x [N, inputs] with the `weight` [outputs, inputs] and `bias` [outputs] of the layer that `m` stands at: [N, outputs]. */
export function dense(m: ModelBuilder, x: Value, inputs: number, outputs: number, init: DenseInit): Value {
  const weight = m.parameter('weight', [outputs, inputs], init.weight);
  const bias = init.bias === null ? null : m.parameter('bias', [outputs], init.bias);
  return m.within((g) => g.Gemm(x, weight, bias, { transB: 1 }));
}

/** act(W x + b) of x [N, width] with the layer `dense` of the part that `m` stands at, such as a pooler: [N, width]. */
export function activatedDense(m: ModelBuilder, x: Value, width: number, init: DenseInit, activation: Activation): Value {
  const projected = dense(m.at('dense'), x, width, width, init);
  return m.within(() => activate(m, projected, activation));
}

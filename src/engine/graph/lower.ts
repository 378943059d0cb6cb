import type { Builder } from './builder.ts';
import type { OpName } from './ops.ts';
import { rewrite } from './rewrite.ts';
import { fusedMatMul } from './standard.ts';
import type { Graph, Node, Value } from './types.ts';

/** Providers of onnxruntime. */
export type Provider = 'cpu' | 'cuda' | 'webgpu';

/** One operator in terms of others. */
type Lowering = (g: Builder, inputs: readonly Value[], attrs: Node['attrs']) => Value;

/** What stands for the operators that a provider of onnxruntime 1.30 has no kernel for. */
const lowerings: Readonly<Record<Provider, Readonly<Partial<Record<OpName, Lowering>>>>> = {
  cpu: {},
  cuda: {},
  webgpu: {
    FusedMatMul: fusedMatMul,
    // x - max - log Σ exp(x - max)
    LogSoftmax: (g, [x], { axis }) => {
      const axes = [axis as number];
      const shifted = g.Sub(x as Value, g.ReduceMax(x as Value, { axes }));
      return g.Sub(shifted, g.Log(g.ReduceSum(g.Exp(shifted), { axes })));
    },
    // Σ 1, as float32: there is no arithmetic of int64, in which ONNX counts.
    Size: (g, [x]) => g.ReduceSum(g.expand(g.scalar(1), (x as Value).shape), { keepdims: 0 }),
  },
};

/** The same computation in operators that the provider has. */
export function lower(graph: Graph, provider: Provider): Graph {
  const table = lowerings[provider];
  if (Object.keys(table).length === 0) return graph;
  return rewrite(graph, (g) => ({ node: ({ op, attrs }, inputs) => table[op as OpName]?.(g, inputs as readonly Value[], attrs) }));
}

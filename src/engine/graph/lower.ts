import type { Builder } from './builder.ts';
import type { OpName } from './ops.ts';
import { rewrite } from './rewrite.ts';
import { fusedMatMul } from './standard.ts';
import type { Graph, Node, Value } from './types.ts';

/** Providers of onnxruntime. */
export type Provider = 'cpu' | 'cuda' | 'webgpu';

/** One operator in terms of others. */
interface Lowering {
  /** What for, and into what. */
  readonly why: string;
  write(g: Builder, inputs: readonly Value[], attrs: Node['attrs']): Value;
}

/** What stands for the operators that a provider of onnxruntime 1.30 has no kernel for. */
const lowerings: Readonly<Record<Provider, Readonly<Partial<Record<OpName, Lowering>>>>> = {
  cpu: {},
  cuda: {},
  webgpu: {
    FusedMatMul: { why: 'there is no kernel for it: MatMul, with Transpose and Mul where it transposes and scales', write: fusedMatMul },
    LogSoftmax: {
      why: 'there is no kernel for it: x - max - log Σ exp(x - max)',
      write: (g, [x], { axis }) => {
        const axes = [axis as number];
        const shifted = g.Sub(x as Value, g.ReduceMax(x as Value, { axes }));
        return g.Sub(shifted, g.Log(g.ReduceSum(g.Exp(shifted), { axes })));
      },
    },
    Size: {
      why: 'there is no arithmetic of int64, in which ONNX counts: a sum of ones in float32',
      write: (g, [x]) => g.ReduceSum(g.expand(g.scalar(1), (x as Value).shape), { keepdims: 0 }),
    },
  },
};

/** The same computation in operators that the provider has. */
export function lower(graph: Graph, provider: Provider): Graph {
  const table = lowerings[provider];
  if (Object.keys(table).length === 0) return graph;
  return rewrite(graph, (g) => ({ node: ({ op, attrs }, inputs) => table[op as OpName]?.write(g, inputs as readonly Value[], attrs) }));
}

/** An operator that the provider has no kernel for. */
export interface LoweredOperator {
  readonly op: string;
  readonly nodes: number;
  readonly why: string;
}

/** What `lower` rewrites in a graph, the most frequent first. */
export function loweredOperators({ nodes }: Graph, provider: Provider): readonly LoweredOperator[] {
  const rewritten = Object.entries(lowerings[provider]).map(([op, { why }]) => ({ op, nodes: nodes.filter((node) => node.op === op).length, why }));
  return rewritten.filter((each) => each.nodes > 0).sort((a, b) => b.nodes - a.nodes);
}

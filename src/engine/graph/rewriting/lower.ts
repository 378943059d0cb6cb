import { applyOperator, type Builder } from '../builder.ts';
import { POINTWISE, PRODUCTS } from './mixed-precision.ts';
import type { AttributesOf, OpName } from '../ops.ts';
import { rewrite } from './rewrite.ts';
import { fusedMatMul } from './standard.ts';
import type { Graph, Node, Value } from '../types.ts';

/** Providers of onnxruntime. */
export type Provider = 'cpu' | 'cuda' | 'webgpu';

/** One operator in terms of others. */
interface Lowering {
  /** What for, and into what. */
  readonly why: string;
  /** Which nodes of the operator; all of them where it is left out. */
  readonly which?: (node: Node, graph: Graph) => boolean;
  write(g: Builder, inputs: readonly Value[], attrs: Node['attrs']): Value;
}

/**
 * The CPU computes neither with bfloat16 nor, exactly, with float16: onnxruntime takes the casts around a float16 node away, and with them
 * its rounding. So what comes in is widened, and what goes out is rounded, which gives the digits of hardware that computes in float32.
 */
const widened = (op: OpName): Lowering => ({
  why: 'there is no kernel for 16 bits: the same in float32, from the same numbers of 16 bits and rounded to 16 bits',
  which: ({ inputs: [a] }) => a?.dtype === 'bfloat16' || a?.dtype === 'float16',
  write: (g, inputs, attrs) => {
    const wide = inputs.map((x: Value | null) => x && g.Cast(x, { to: 'float32' }));
    return g.Cast(applyOperator(g, op, wide, attrs)[0] as Value, { to: (inputs[0] as Value).dtype });
  },
});

/** What `inMixedPrecision` computes in 16 bits, and what that becomes on CUDA. */
const IN_16_BITS = [...PRODUCTS, ...POINTWISE, 'ReduceSum'] as readonly OpName[];

/** What stands for the operators that a provider of onnxruntime 1.30 has no kernel for, or a slow one. */
const lowerings: Readonly<Record<Provider, Readonly<Partial<Record<OpName, Lowering>>>>> = {
  cpu: Object.fromEntries(IN_16_BITS.map((op) => [op, widened(op)])),
  cuda: {
    Gemm: {
      why: 'it spreads a bias over the result by a product of its own, 20 µs on an H100, before the product itself; Add takes 7',
      which: ({ inputs: [, , c], attrs }) => isBias(c) && c?.dtype === 'float32' && attrs['beta'] === 1,
      write: (g, [a, b, c], { alpha, transA, transB }) =>
        g.Add(g.Gemm(a as Value, b as Value, { alpha, transA, transB } as AttributesOf<'Gemm'>), c as Value),
    },
    MatMul: {
      why: 'a row of ones times a matrix, the form in which the CPU sums over rows fastest: ReduceSum, whose kernel reads the matrix once',
      which: ({ inputs: [a, b] }, graph) => a !== null && a !== undefined && b?.shape.length === 2 && isRowOfOnes(a, graph),
      write: (g, [, x]) => g.ReduceSum(x as Value, { axes: [0] }),
    },
  },
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
  const lowered = loweredNodes(graph, provider);
  if (lowered.size === 0) return graph;
  return rewrite(graph, (g) => ({ node: (node, inputs) => lowered.get(node)?.write(g, inputs as readonly Value[], node.attrs) }));
}

function loweredNodes(graph: Graph, provider: Provider): ReadonlyMap<Node, Lowering> {
  return new Map(
    graph.nodes.flatMap((node) => {
      const lowering = lowerings[provider][node.op as OpName];
      return lowering === undefined || lowering.which?.(node, graph) === false ? [] : [[node, lowering] as const];
    }),
  );
}

/** Of a product's summands, one that all rows share. */
export function isBias(c: Value | null | undefined): boolean {
  return c?.shape.length === 1 || (c?.shape.length === 2 && c.shape[0] === 1);
}

function isRowOfOnes(x: Value, { nodes, constants }: Graph): boolean {
  if (x.shape.length !== 2 || x.shape[0] !== 1) return false;
  const maker = (y: Value, op: string): Node | undefined => nodes.find((node) => node.op === op && node.outputs[0] === y);
  const [source] = maker(maker(x, 'Cast')?.inputs[0] ?? x, 'Expand')?.inputs ?? []; // ones of 16 bits are cast
  return source?.shape.length === 0 && constants.get(source)?.[0] === 1;
}

/** An operator that the provider has no kernel for, or a slow one. */
export interface LoweredOperator {
  readonly op: string;
  readonly nodes: number;
  readonly why: string;
}

/** What `lower` rewrites in a graph, the most frequent first. */
export function loweredOperators(graph: Graph, provider: Provider): readonly LoweredOperator[] {
  const lowered = [...loweredNodes(graph, provider).keys()];
  const rewritten = Object.entries(lowerings[provider]).map(([op, { why }]) => ({
    op,
    nodes: lowered.filter((node) => node.op === op).length,
    why,
  }));
  return rewritten.filter((each) => each.nodes > 0).sort((a, b) => b.nodes - a.nodes);
}

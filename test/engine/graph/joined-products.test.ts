import { expect, test } from 'vitest';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder, inMixedPrecision, joinProducts, lower, type Graph, type Value } from '../../../src/engine/graph/index.ts';
import { floats, runGraph } from '../../helpers/run-graph.ts';

const widths = [4, 4, 4];

/** Sum of squares of (x A₁ᵀ + b₁) ∘ (x A₂ᵀ + b₂) + x A₃ᵀ + b₃ + x, with gradients; x = tanh(w). */
function attentionLike(before: (w: Value, g: ReturnType<typeof graphBuilder>) => Value = (w, g) => g.Tanh(w)): Graph {
  const g = graphBuilder('attention-like');
  const w = g.input('w', 'float32', ['N', 4]);
  const x = before(w, g);
  const weights = widths.map((width, i) => g.input(`a${i}`, 'float32', [width, 4]));
  const biases = widths.map((width, i) => g.input(`b${i}`, 'float32', [width]));
  const [q, k, v] = weights.map((a, i) => g.Gemm(x, a, biases[i]!, { transB: 1 }));
  const y = g.Add(g.Add(g.Mul(q!, k!), v!), x);
  const loss = g.ReduceSum(g.Mul(y, y), { keepdims: 0 });
  g.output('loss', loss);
  const wrt = [w, ...weights, ...biases];
  gradients(g, loss, wrt).forEach((d, i) => g.output(`grad.${wrt[i]!.name}`, d));
  return g.build();
}

const count = (graph: Graph, op: string): number => graph.nodes.filter((node) => node.op === op).length;
const numbers = (length: number, k: number): readonly number[] => Array.from({ length }, (_, i) => Math.sin(1.7 * i + k) / 2);
const feeds = Object.fromEntries([
  ['w', floats([5, 4], numbers(20, 0))],
  ...widths.flatMap(
    (width, i) =>
      [
        [`a${i}`, floats([width, 4], numbers(4 * width, i + 1))],
        [`b${i}`, floats([width], numbers(width, i + 7))],
      ] as const,
  ),
]);

async function expectSame(found: Graph, expected: Graph, digits: number): Promise<void> {
  const [a, b] = [await runGraph(found, feeds), await runGraph(expected, feeds)];
  expect(Object.keys(a)).toEqual(Object.keys(b));
  for (const [name, { shape, data }] of Object.entries(b)) {
    expect(a[name]!.shape, name).toEqual(shape);
    data.forEach((value, i) => expect(Number(a[name]!.data[i]), `${name}[${i}]`).toBeCloseTo(Number(value), digits));
  }
}

test('three products of a matrix are taken as one, forward and backward, and mean the same', async () => {
  const graph = attentionLike();
  const joined = joinProducts(graph);
  // Of each: the product itself, the gradient of its input and that of its weight.
  expect([count(graph, 'Gemm'), count(joined, 'Gemm')]).toEqual([9, 3]);
  expect([count(graph, 'MatMul'), count(joined, 'MatMul')]).toEqual([3, 1]);
  await expectSame(joined, graph, 5);
});

test('in 16 bits as well', async () => {
  const graph = inMixedPrecision(attentionLike(), 'bfloat16');
  const joined = joinProducts(graph);
  expect([count(graph, 'Gemm'), count(joined, 'Gemm')]).toEqual([9, 3]);
  await expectSame(lower(joined, 'cpu'), lower(graph, 'cpu'), 1); // bfloat16 has 8 bits
});

test('without a sum that x has of its own, only weights and biases have joined gradients', async () => {
  const graph = attentionLike((w) => w);
  await expectSame(joinProducts(graph), graph, 5);
});

test('what has nothing to join stays as it is', () => {
  const g = graphBuilder('one');
  const [x, a] = [g.input('x', 'float32', ['N', 4]), g.input('a', 'float32', [4, 4])];
  g.output('y', g.Add(g.Gemm(x, a, { transB: 1 }), g.Gemm(x, a, { transB: 1, alpha: 2 })));
  const graph = g.build();
  expect(joinProducts(graph)).toBe(graph);
});

test('products of which one needs what follows from another stay as they are', () => {
  const g = graphBuilder('knot');
  const x = g.input('x', 'float32', ['N', 4]);
  const [a, b] = [g.input('a', 'float32', [4, 4]), g.input('b', 'float32', [4, 4])];
  const [y, z] = [a, b].map((w) => g.Gemm(x, w, { transB: 1 }));
  const first = g.Gemm(y!, x, { transA: 1 });
  const made = g.Gemm(z!, first); // the second "gradient" is made of the first one's product
  [g.Gemm(y!, a), g.Gemm(made, b), g.Gemm(made, x, { transA: 1 })].forEach((value, i) => g.output(String(i), value));
  const graph = g.build();
  expect(joinProducts(graph)).toBe(graph);
});

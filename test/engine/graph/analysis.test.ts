import { describe, expect, test } from 'vitest';
import { bytesOf, keptValues, nodesBehind, operationsOf, peakBytes } from '../../../src/engine/graph/analysis.ts';
import { costs, type Cost } from '../../../src/engine/graph/costs.ts';
import { graphBuilder, type Builder, type Node, type Value } from '../../../src/engine/graph/index.ts';
import { operators, type OpName } from '../../../src/engine/graph/ops.ts';

const lengths = new Map([['B', 3], ['S', 4]]);

/** Operations of the last node that is built. */
function counted(build: (g: Builder) => unknown): number {
  const g = graphBuilder('one');
  build(g);
  return operationsOf(g.nodes.at(-1) as Node, lengths);
}

describe('the work of an operator', () => {
  const x = (g: Builder, ...shape: readonly (string | number)[]): Value => g.input(`x${shape.join()}`, 'float32', shape);

  test.each<[string, (g: Builder) => unknown, number]>([
    ['a product: 2mnk', (g) => g.MatMul(x(g, 'B', 5), x(g, 5, 7)), 2 * 3 * 7 * 5],
    ['a batch of products', (g) => g.MatMul(x(g, 2, 'S', 5), x(g, 1, 5, 7)), 2 * 2 * 4 * 7 * 5],
    ['a product of transposed matrices', (g) => g.Gemm(x(g, 5, 'B'), x(g, 7, 5), { transA: 1, transB: 1 }), 2 * 3 * 7 * 5],
    ['with a bias', (g) => g.Gemm(x(g, 'B', 5), x(g, 5, 7), x(g, 7)), 3 * 7 * (2 * 5 + 1)],
    ['with everything scaled', (g) => g.Gemm(x(g, 'B', 5), x(g, 5, 7), x(g, 7), { alpha: 2, beta: 3 }), 3 * 7 * (2 * 5 + 3)],
    [
      'attention scores',
      (g) => g.FusedMatMul(x(g, 'B', 2, 'S', 8), x(g, 'B', 2, 6, 8), { transB: 1, alpha: 0.5 }),
      3 * 2 * 4 * 6 * (2 * 8 + 1),
    ],
    ['a product of a transposed left side', (g) => g.FusedMatMul(x(g, 'B', 8, 2), x(g, 'B', 8, 5), { transA: 1 }), 3 * 2 * 5 * 2 * 8],
    ['a sum that broadcasts: elements of the result', (g) => g.Add(x(g, 'B', 5), x(g, 5)), 15],
    ['a sum along an axis: elements of the input', (g) => g.ReduceSum(x(g, 'B', 5), { axes: [1] }), 15],
    ['softmax', (g) => g.Softmax(x(g, 'B', 5)), 5 * 15],
    ['layer normalization', (g) => g.LayerNormalization(x(g, 'B', 5), x(g, 5)), 7 * 15],
    ['adding rows into a table', (g) => g.ScatterElements(x(g, 9, 5), g.input('at', 'int32', ['B', 5]), x(g, 'B', 5)), 15],
    ['a new shape', (g) => g.Reshape(x(g, 'B', 4), { shape: [2, '2*B'] }), 0],
  ])('%s', (_, build, operations) => expect(counted(build)).toBe(operations));

  /** Of inputs of these lengths and a result of 2 × 3 × 5, 30 elements; an operator without an entry here does not compile. */
  const byValue: Readonly<Record<OpName, number>> = {
    ...{ Add: 30, Sub: 30, Mul: 30, Div: 30, Pow: 30, Max: 30, Min: 30 },
    ...{ Identity: 0, Neg: 30, Abs: 30, Reciprocal: 30, Sqrt: 30, Exp: 30, Log: 30, Erf: 30, Tanh: 30, Relu: 30, Cast: 0 },
    ...{ Sigmoid: 120, Softplus: 90, Gelu: 150, Clip: 60 },
    ...{ MatMul: 2 * 30 * 7, FusedMatMul: 30 * (2 * 7 + 1), Gemm: 30 * (2 * 7 + 3), MatMulInteger: 2 * 30 * 7 },
    ...{
      ReduceSum: 42,
      ReduceMean: 42,
      ReduceMax: 42,
      CumSum: 42,
      Softmax: 5 * 42,
      LogSoftmax: 5 * 42,
      LayerNormalization: 7 * 42,
      DynamicQuantizeLinear: 4 * 42,
    },
    ...{
      Reshape: 0,
      Expand: 0,
      Transpose: 0,
      Unsqueeze: 0,
      Squeeze: 0,
      Concat: 0,
      Split: 0,
      Slice: 0,
      Skew: 0,
      Unskew: 0,
      Pad: 0,
      Gather: 0,
      GatherElements: 0,
    },
    ...{ ScatterElements: 8, Where: 0, Equal: 30, Greater: 30, Less: 30, And: 0, Not: 0, Shape: 0, Size: 0 },
  };

  test.each(Object.keys(operators) as OpName[])('is a number that was worked out by hand: %s', (op) => {
    const inputs = [[2, 3, 7], [2, 7, 5], [2, 4]]; // 42 and 70 elements, and 8
    const attrs = { alpha: 0.5, beta: 2, transA: 0, transB: 0 };
    expect((costs[op] as Cost<unknown>).operations(inputs, [[2, 3, 5]], attrs)).toBe(byValue[op]);
  });
});

describe('the memory of a graph', () => {
  test('a value takes its elements', () => {
    expect(bytesOf({ dtype: 'float32', shape: ['2*B', 'S'] }, lengths)).toBe(4 * 6 * 4);
    expect(bytesOf({ dtype: 'uint8', shape: ['B*S'] }, lengths)).toBe(12);
    expect(bytesOf({ dtype: 'int64', shape: [] }, lengths)).toBe(8);
    expect(() => bytesOf({ dtype: 'int64', shape: ['U'] }, lengths)).toThrow('no batch input has an axis U');
  });

  test('what a first part leaves for the rest, and the most at a time; another shape takes no memory of its own', () => {
    const g = graphBuilder('parts');
    const a = g.Exp(g.input('x', 'float32', ['B', 'S'])); // [B, S], as all that follow: 48 bytes
    const c = g.Tanh(g.reshape(a, ['B*S'])); // a view of a
    const e = g.Mul(g.Neg(c), g.reshape(a, ['B*S']));
    g.output('end', g.ReduceSum(e, { keepdims: 0 }));
    g.output('middle', c);
    const graph = g.build();
    const first = nodesBehind(graph, [c]);
    expect([...first].map(({ op }) => op).sort()).toEqual(['Exp', 'Reshape', 'Tanh']);
    expect(keptValues(graph, first)).toEqual([c, a]);
    expect(peakBytes(graph, lengths)).toBe(4 * 48); // exp, tanh, its negative and the product of that with exp
  });

  test('a chain takes two values at a time, however long it is', () => {
    const g = graphBuilder('chain');
    let x = g.input('x', 'float32', ['B', 'S']);
    for (let i = 0; i < 9; i += 1) x = g.Exp(x);
    g.output('y', x);
    expect(peakBytes(g.build(), lengths)).toBe(2 * 48);
  });
});

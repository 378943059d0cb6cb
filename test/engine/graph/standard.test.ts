import { describe, expect, test } from 'vitest';
import { bind, graphBuilder, print, rewrite, toStandard, type Graph } from '../../../src/engine/graph/index.ts';
import { toOnnx } from '../../../src/engine/graph/onnx/to-onnx.ts';
import { floats, runGraph } from '../../helpers/run-graph.ts';

function microsofts(): Graph {
  const g = graphBuilder('microsofts');
  const [a, b] = [g.input('a', 'float32', ['B', 3, 2]), g.input('b', 'float32', ['B', 4, 3])];
  g.output('product', g.FusedMatMul(a, b, { transA: 1, transB: 1, alpha: 0.25 }));
  g.output('gelu', g.Gelu(a));
  g.output('plain', g.FusedMatMul(b, a));
  return g.build();
}

describe('standard operators', () => {
  test('take the place of com.microsoft’s', () => {
    expect(print(toStandard(microsofts()))).toMatchInlineSnapshot(`
      "microsofts(a: float32[B, 3, 2], b: float32[B, 4, 3]) {
        Transpose_0: float32[B, 2, 3] = Transpose(a) { perm: [0, 2, 1] }
        Transpose_1: float32[B, 3, 4] = Transpose(b) { perm: [0, 2, 1] }
        MatMul_2: float32[B, 2, 4] = MatMul(Transpose_0, Transpose_1)
        Mul_3: float32[B, 2, 4] = Mul(MatMul_2, 0.25)
        Div_4: float32[B, 3, 2] = Div(a, 1.4142135381698608)
        Erf_5: float32[B, 3, 2] = Erf(Div_4)
        Add_6: float32[B, 3, 2] = Add(Erf_5, 1)
        Mul_7: float32[B, 3, 2] = Mul(a, Add_6)
        Mul_8: float32[B, 3, 2] = Mul(Mul_7, 0.5)
        MatMul_9: float32[B, 4, 2] = MatMul(b, a)
        return { product: Mul_3, gelu: Mul_8, plain: MatMul_9 }
      }"
    `);
  });

  test('compute the same', async () => {
    const numbers = (count: number, scale: number): readonly number[] => Array.from({ length: count }, (_, i) => scale * Math.sin(i + 1));
    const feeds = { a: floats([2, 3, 2], numbers(12, 2)), b: floats([2, 4, 3], numbers(24, 3)) };
    const [before, after] = [await runGraph(microsofts(), feeds), await runGraph(toStandard(microsofts()), feeds)];
    for (const name of ['product', 'gelu', 'plain']) {
      const data = after[name]?.data as Float32Array;
      expect(after[name]?.shape, name).toEqual(before[name]?.shape);
      // Sums of three products below 6, in float32.
      data.forEach((x, i) => expect(Math.abs(x - Number(before[name]?.data[i])), `${name}[${i}]`).toBeLessThan(1e-5));
    }
  });

  test('need no domain but ONNX’s own', () => {
    const text = (graph: Graph): string => Buffer.from(toOnnx(graph)).toString('latin1');
    expect(text(microsofts())).toContain('com.microsoft');
    expect(text(toStandard(microsofts()))).not.toContain('com.microsoft');
  });
});

describe('a rewritten graph', () => {
  const graph = (): Graph => {
    const g = graphBuilder('affine');
    const [x, w] = [g.input('x', 'float32', ['B', 'S', 2]), g.input('w', 'float32', [2, 3])];
    g.input('unused', 'float32', [1]);
    g.output('y', g.reshape(g.MatMul(x, w), ['B*S', 3]));
    return g.build();
  };

  test('has other names for its symbols, in products too', () => {
    expect(print(rewrite(graph(), () => ({ symbols: { B: 'batch', S: 'sequence' } })))).toMatchInlineSnapshot(`
      "affine(x: float32[batch, sequence, 2], w: float32[2, 3], unused: float32[1]) {
        MatMul_0: float32[batch, sequence, 3] = MatMul(x, w)
        Reshape_1: float32[batch*sequence, 3] = Reshape(MatMul_0) { shape: [batch*sequence, 3] }
        return { y: Reshape_1 }
      }"
    `);
  });

  test('has constants in place of inputs; one that no node reads is left out', () => {
    const bound = bind(graph(), new Map([['w', new Float32Array(6)], ['unused', new Float32Array(1)]]));
    expect(bound.inputs.map(({ name }) => name)).toEqual(['x']);
    expect([...bound.constants.keys()].map(({ name }) => name)).toEqual(['w']);
    expect(() => bind(graph(), new Map([['w', new Float32Array(5)]]))).toThrow('does not have 5 elements');
  });

  test('that leaves a value out is refused', () => {
    expect(() => rewrite(graph(), () => ({ node: ({ op }) => (op === 'MatMul' ? [] : undefined) }))).toThrow(
      'nothing in place of MatMul_0',
    );
  });
});

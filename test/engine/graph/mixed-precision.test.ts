import { describe, expect, test } from 'vitest';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder, inMixedPrecision, lower, precisionCounts, print, type Graph, type Value } from '../../../src/engine/graph/index.ts';
import { floats, runGraph } from '../../helpers/run-graph.ts';

/** y = (x Wᵀ + b) in rows of 8, transposed, times x; its mean is the loss. */
function small(): Graph {
  const g = graphBuilder('small');
  const x = g.input('x', 'float32', ['N', 16]);
  const [w, b] = [g.input('w', 'float32', [8, 16]), g.input('b', 'float32', [8])];
  const y = g.Gemm(x, w, b, { transB: 1 }); // [N, 8]
  const z = g.MatMul(g.Transpose(y, { perm: [1, 0] }), x); // [8, 16]
  const loss = g.ReduceMean(g.Tanh(z), { keepdims: 0 });
  g.output('loss', loss);
  const [dw, db] = gradients(g, loss, [w, b]);
  g.output('dw', dw!);
  g.output('db', db!);
  return g.build();
}

/** The nearest number with so many bits after the leading one, halves to even. */
function rounded(x: number, bits: number): number {
  if (x === 0) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - bits);
  const [below, rest] = [Math.floor(x / unit), x / unit - Math.floor(x / unit)];
  return (rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1) * unit;
}

describe('a graph in mixed precision', () => {
  test('rounds every factor once, keeps what moves products in 16 bits, and sums in float32', () => {
    expect(print(inMixedPrecision(small(), 'bfloat16'))).toMatchInlineSnapshot(`
      "small(x: float32[N, 16], w: float32[8, 16], b: float32[8]) {
        Cast_0: bfloat16[N, 16] = Cast(x) { to: bfloat16 }
        Cast_1: bfloat16[8, 16] = Cast(w) { to: bfloat16 }
        Cast_2: bfloat16[8] = Cast(b) { to: bfloat16 }
        Gemm_3: bfloat16[N, 8] = Gemm(Cast_0, Cast_1, Cast_2) { transB: 1 }
        Transpose_4: bfloat16[8, N] = Transpose(Gemm_3) { perm: [1, 0] }
        MatMul_5: bfloat16[8, 16] = MatMul(Transpose_4, Cast_0)
        Tanh_6: bfloat16[8, 16] = Tanh(MatMul_5)
        Cast_7: float32[8, 16] = Cast(Tanh_6) { to: float32 }
        ReduceMean_8: float32[] = ReduceMean(Cast_7) { axes: [0, 1], keepdims: 0 }
        Div_9: float32[] = Div(1, 128)  # backward
        Expand_10: float32[8, 16] = Expand(Div_9) { shape: [8, 16] }  # backward
        Mul_11: bfloat16[8, 16] = Mul(Tanh_6, Tanh_6)  # backward
        Cast_12: bfloat16[] = Cast(1) { to: bfloat16 }  # backward
        Sub_13: bfloat16[8, 16] = Sub(Cast_12, Mul_11)  # backward
        Cast_14: float32[8, 16] = Cast(Sub_13) { to: float32 }  # backward
        Mul_15: float32[8, 16] = Mul(Expand_10, Cast_14)  # backward
        Cast_16: bfloat16[8, 16] = Cast(Mul_15) { to: bfloat16 }  # backward
        Gemm_17: bfloat16[8, N] = Gemm(Cast_16, Cast_0) { transB: 1 }  # backward
        Transpose_18: bfloat16[N, 8] = Transpose(Gemm_17) { perm: [1, 0] }  # backward
        Gemm_19: bfloat16[8, 16] = Gemm(Transpose_18, Cast_0) { transA: 1 }  # backward
        Expand_20: float32[1, N] = Expand(1) { shape: [1, N] }  # backward
        Cast_21: bfloat16[1, N] = Cast(Expand_20) { to: bfloat16 }  # backward
        MatMul_22: bfloat16[1, 8] = MatMul(Cast_21, Transpose_18)  # backward
        Reshape_23: bfloat16[8] = Reshape(MatMul_22) { shape: [8] }  # backward
        Cast_24: float32[8, 16] = Cast(Gemm_19) { to: float32 }  # backward
        Cast_25: float32[8] = Cast(Reshape_23) { to: float32 }  # backward
        return { loss: ReduceMean_8, dw: Cast_24, db: Cast_25 }
      }"
    `);
  });

  test('lets products of one shape be summed by the last of them', () => {
    const g = graphBuilder('sums');
    const [x, rest] = [g.input('x', 'float32', ['N', 16]), g.input('rest', 'float32', ['N', 16])];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => g.Gemm(x, g.input(name, 'float32', [16, 16]))) as [Value, Value, Value];
    g.output('sum', g.Add(g.Add(g.Add(rest, a), b), c));
    expect(print(inMixedPrecision(g.build(), 'bfloat16'))).toMatchInlineSnapshot(`
      "sums(x: float32[N, 16], rest: float32[N, 16], a: float32[16, 16], b: float32[16, 16], c: float32[16, 16]) {
        Cast_0: bfloat16[N, 16] = Cast(x) { to: bfloat16 }
        Cast_1: bfloat16[16, 16] = Cast(a) { to: bfloat16 }
        Gemm_2: bfloat16[N, 16] = Gemm(Cast_0, Cast_1)
        Cast_3: bfloat16[16, 16] = Cast(b) { to: bfloat16 }
        Cast_5: bfloat16[16, 16] = Cast(c) { to: bfloat16 }
        Gemm_9: bfloat16[N, 16] = Gemm(Cast_0, Cast_3, Gemm_2)
        Gemm_12: bfloat16[N, 16] = Gemm(Cast_0, Cast_5, Gemm_9)
        Cast_13: float32[N, 16] = Cast(Gemm_12) { to: float32 }
        Add_14: float32[N, 16] = Add(rest, Cast_13)
        return { sum: Add_14 }
      }"
    `);
  });

  test('sums a product that others read by itself', () => {
    const g = graphBuilder('shared');
    const x = g.input('x', 'float32', ['N', 16]);
    const [a, b] = ['a', 'b'].map((name) => g.Gemm(x, g.input(name, 'float32', [16, 16]))) as [Value, Value];
    g.output('sum', g.Add(a, b));
    for (const y of [a, b]) g.output(`tanh(${y.name})`, g.Tanh(y));
    const { nodes } = inMixedPrecision(g.build(), 'bfloat16');
    expect(nodes.filter(({ op }) => op === 'Gemm')).toHaveLength(2);
    expect(nodes.find(({ op }) => op === 'Add')?.outputs[0]?.dtype).toBe('float32');
  });

  test('is not changed a second time', () => {
    const once = inMixedPrecision(small(), 'bfloat16');
    expect(print(inMixedPrecision(once, 'bfloat16'))).toBe(print(once));
  });

  test('leaves products with a short axis alone', () => {
    const g = graphBuilder('thin');
    const x = g.input('x', 'float32', ['N', 16]);
    g.output('column', g.MatMul(x, g.input('column_of', 'float32', [16, 1])));
    g.output('few', g.Gemm(x, g.input('w', 'float32', [7, 16]), { transB: 1 }));
    g.output('short', g.MatMul(g.input('one_hot', 'float32', ['N', 2]), g.input('table', 'float32', [2, 16])));
    const graph = g.build();
    expect(print(inMixedPrecision(graph, 'float16'))).toBe(print(graph));
    const found = precisionCounts(graph, 'float16').filter(({ nodes }) => nodes > 0);
    expect(found).toEqual([{ what: 'matrix products with an axis under 8', dtype: 'float32', nodes: 3 }]);
  });

  test.each([
    ['bfloat16', 7],
    ['float16', 10],
  ] as const)('on the CPU multiplies factors of %s and rounds the product', async (low, bits) => {
    const g = graphBuilder('product');
    const [a, b] = [g.input('a', 'float32', [8, 8]), g.input('b', 'float32', [8, 8])];
    g.output('y', g.MatMul(a, b));
    g.output('z', g.FusedMatMul(a, b, { alpha: 0.5, transB: 1 }));
    g.output('w', g.Gemm(a, b, b, { transA: 1 }));
    const data = [1, 2].map((seed) => Float32Array.from({ length: 64 }, (_, i) => Math.sin(seed * (i + 1))));
    const [m, n] = data.map((values) => [...values].map((x) => rounded(x, bits))) as [number[], number[]];
    const at = (x: number[], row: number, column: number): number => x[8 * row + column]!;
    const sum = (term: (k: number) => number): number => Array.from({ length: 8 }, (_, k) => term(k)).reduce((total, x) => total + x, 0);
    const feeds = { a: { shape: [8, 8], data: data[0]! }, b: { shape: [8, 8], data: data[1]! } };
    const found = await runGraph(lower(inMixedPrecision(g.build(), low), 'cpu'), feeds);
    for (const [i, j] of [[0, 0], [3, 5], [7, 1]] as const) {
      expect(found['y']!.data[8 * i + j]).toBe(rounded(Math.fround(sum((k) => at(m, i, k) * at(n, k, j))), bits));
      expect(found['z']!.data[8 * i + j]).toBe(rounded(Math.fround(sum((k) => at(m, i, k) * at(n, j, k)) / 2), bits));
      expect(found['w']!.data[8 * i + j]).toBe(rounded(Math.fround(sum((k) => at(m, k, i) * at(n, k, j)) + at(n, i, j)), bits));
    }
  });

  test('answers in float32', async () => {
    const graph = lower(inMixedPrecision(small(), 'bfloat16'), 'cpu');
    const wave = (length: number): readonly number[] => Array.from({ length }, (_, i) => Math.cos(i));
    const feeds = { x: floats([2, 16], wave(32)), w: floats([8, 16], wave(128)), b: floats([8], wave(8)) };
    const [mixed, plain] = [await runGraph(graph, feeds), await runGraph(small(), feeds)];
    for (const [name, { shape, data }] of Object.entries(plain)) {
      expect(mixed[name]).toMatchObject({ shape });
      expect(mixed[name]!.data).toBeInstanceOf(Float32Array);
      expect(mixed[name]!.data).not.toEqual(data);
    }
  });
});

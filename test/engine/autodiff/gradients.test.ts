import { describe, expect, test } from 'vitest';
import { gradients } from '../../../src/engine/autodiff/index.ts';
import { graphBuilder, print, type Builder, type Value } from '../../../src/engine/graph/index.ts';
import { floats, runGraph, type Fed } from '../../helpers/run-graph.ts';

/** The program of the gradients alone. */
function backward(build: (g: Builder) => { readonly loss: Value; readonly wrt: Readonly<Record<string, Value>> }): string {
  const g = graphBuilder('backward');
  const { loss, wrt } = build(g);
  const derivatives = gradients(g, loss, Object.values(wrt));
  Object.keys(wrt).forEach((name, i) => g.output(`d${name}`, derivatives[i] as Value));
  return print(g.build());
}

function filled(shape: readonly [number, number], value: number): Fed {
  return floats(shape, Array.from({ length: shape[0] * shape[1] }, () => value));
}

describe('the backward pass as a program', () => {
  test('a dense layer: products with flags, the bias by a row of ones', () => {
    expect(
      backward((g) => {
        const x = g.input('x', 'float32', ['B', 8]);
        const w = g.input('w', 'float32', [4, 8]);
        const b = g.input('b', 'float32', [4]);
        return { loss: g.ReduceSum(g.Exp(g.Gemm(x, w, b, { transB: 1 })), { keepdims: 0 }), wrt: { x, w, b } };
      }),
    ).toMatchInlineSnapshot(`
      "backward(x: float32[B, 8], w: float32[4, 8], b: float32[4]) {
        Gemm_0: float32[B, 4] = Gemm(x, w, b) { transB: 1 }
        Exp_1: float32[B, 4] = Exp(Gemm_0)
        Expand_3: float32[B, 4] = Expand(1) { shape: [B, 4] }  # backward
        Mul_4: float32[B, 4] = Mul(Expand_3, Exp_1)  # backward
        Gemm_5: float32[B, 8] = Gemm(Mul_4, w)  # backward
        Gemm_6: float32[4, 8] = Gemm(Mul_4, x) { transA: 1 }  # backward
        Expand_7: float32[1, B] = Expand(1) { shape: [1, B] }  # backward
        MatMul_8: float32[1, 4] = MatMul(Expand_7, Mul_4)  # backward
        Reshape_9: float32[4] = Reshape(MatMul_8) { shape: [4] }  # backward
        return { dx: Gemm_5, dw: Gemm_6, db: Reshape_9 }
      }"
    `);
  });

  test('attention scores: no transposes', () => {
    expect(
      backward((g) => {
        const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, 'float32', ['B', 2, 'S', 4])) as [Value, Value, Value];
        const context = g.MatMul(g.Softmax(g.FusedMatMul(q, k, { transB: 1, alpha: 0.5 })), v);
        return { loss: g.ReduceSum(g.Exp(context), { keepdims: 0 }), wrt: { q, k, v } };
      }),
    ).toMatchInlineSnapshot(`
      "backward(q: float32[B, 2, S, 4], k: float32[B, 2, S, 4], v: float32[B, 2, S, 4]) {
        FusedMatMul_0: float32[B, 2, S, S] = FusedMatMul(q, k) { alpha: 0.5, transB: 1 }
        Softmax_1: float32[B, 2, S, S] = Softmax(FusedMatMul_0) { axis: 3 }
        MatMul_2: float32[B, 2, S, 4] = MatMul(Softmax_1, v)
        Exp_3: float32[B, 2, S, 4] = Exp(MatMul_2)
        Expand_5: float32[B, 2, S, 4] = Expand(1) { shape: [B, 2, S, 4] }  # backward
        Mul_6: float32[B, 2, S, 4] = Mul(Expand_5, Exp_3)  # backward
        FusedMatMul_7: float32[B, 2, S, S] = FusedMatMul(Mul_6, v) { transB: 1 }  # backward
        FusedMatMul_8: float32[B, 2, S, 4] = FusedMatMul(Softmax_1, Mul_6) { transA: 1 }  # backward
        Mul_9: float32[B, 2, S, S] = Mul(FusedMatMul_7, Softmax_1)  # backward
        ReduceSum_10: float32[B, 2, S, 1] = ReduceSum(Mul_9) { axes: [3] }  # backward
        Sub_11: float32[B, 2, S, S] = Sub(FusedMatMul_7, ReduceSum_10)  # backward
        Mul_12: float32[B, 2, S, S] = Mul(Softmax_1, Sub_11)  # backward
        FusedMatMul_13: float32[B, 2, S, 4] = FusedMatMul(Mul_12, k) { alpha: 0.5 }  # backward
        FusedMatMul_14: float32[B, 2, S, 4] = FusedMatMul(Mul_12, q) { alpha: 0.5, transA: 1 }  # backward
        return { dq: FusedMatMul_13, dk: FusedMatMul_14, dv: FusedMatMul_8 }
      }"
    `);
  });

  test('layer normalization: means as products, x̂ made once', () => {
    expect(
      backward((g) => {
        const x = g.input('x', 'float32', ['N', 8]);
        const gamma = g.input('gamma', 'float32', [8]);
        const beta = g.input('beta', 'float32', [8]);
        return { loss: g.ReduceSum(g.Exp(g.LayerNormalization(x, gamma, beta)[0]), { keepdims: 0 }), wrt: { x, gamma, beta } };
      }),
    ).toMatchInlineSnapshot(`
      "backward(x: float32[N, 8], gamma: float32[8], beta: float32[8]) {
        LayerNormalization_0: float32[N, 8], LayerNormalization_0.mean: float32[N, 1], LayerNormalization_0.invStd: float32[N, 1] = LayerNormalization(x, gamma, beta) { axis: 1 }
        Exp_1: float32[N, 8] = Exp(LayerNormalization_0)
        Expand_3: float32[N, 8] = Expand(1) { shape: [N, 8] }  # backward
        Mul_4: float32[N, 8] = Mul(Expand_3, Exp_1)  # backward
        Sub_5: float32[N, 8] = Sub(x, LayerNormalization_0.mean)  # backward
        Mul_6: float32[N, 8] = Mul(Sub_5, LayerNormalization_0.invStd)  # backward
        Div_7: float32[8] = Div(gamma, 8)  # backward
        Unsqueeze_8: float32[8, 1] = Unsqueeze(Div_7) { axes: [1] }  # backward
        MatMul_9: float32[N, 1] = MatMul(Mul_4, Unsqueeze_8)  # backward
        Mul_10: float32[N, 8] = Mul(Mul_4, Mul_6)  # backward
        MatMul_11: float32[N, 1] = MatMul(Mul_10, Unsqueeze_8)  # backward
        Mul_12: float32[N, 8] = Mul(Mul_4, gamma)  # backward
        Sub_13: float32[N, 8] = Sub(Mul_12, MatMul_9)  # backward
        Mul_14: float32[N, 8] = Mul(Mul_6, MatMul_11)  # backward
        Sub_15: float32[N, 8] = Sub(Sub_13, Mul_14)  # backward
        Mul_16: float32[N, 8] = Mul(LayerNormalization_0.invStd, Sub_15)  # backward
        Expand_17: float32[1, N] = Expand(1) { shape: [1, N] }  # backward
        MatMul_18: float32[1, 8] = MatMul(Expand_17, Mul_10)  # backward
        Reshape_19: float32[8] = Reshape(MatMul_18) { shape: [8] }  # backward
        MatMul_20: float32[1, 8] = MatMul(Expand_17, Mul_4)  # backward
        Reshape_21: float32[8] = Reshape(MatMul_20) { shape: [8] }  # backward
        return { dx: Mul_16, dgamma: Reshape_19, dbeta: Reshape_21 }
      }"
    `);
  });

  test('an embedding: ScatterElements, never ScatterND', () => {
    expect(
      backward((g) => {
        const table = g.input('table', 'float32', ['U', 4]);
        const ids = g.input('ids', 'int32', ['B', 'S']);
        return { loss: g.ReduceSum(g.Exp(g.Gather(table, ids)), { keepdims: 0 }), wrt: { table } };
      }),
    ).toMatchInlineSnapshot(`
      "backward(table: float32[U, 4], ids: int32[B, S]) {
        Gather_0: float32[B, S, 4] = Gather(table, ids)
        Exp_1: float32[B, S, 4] = Exp(Gather_0)
        Expand_3: float32[B, S, 4] = Expand(1) { shape: [B, S, 4] }  # backward
        Mul_4: float32[B, S, 4] = Mul(Expand_3, Exp_1)  # backward
        Reshape_5: int32[B*S, 1] = Reshape(ids) { shape: [B*S, 1] }  # backward
        Expand_6: int32[B*S, 4] = Expand(Reshape_5) { shape: [B*S, 4] }  # backward
        Expand_7: float32[U, 4] = Expand(0) { shape: [U, 4] }  # backward
        Reshape_8: float32[B*S, 4] = Reshape(Mul_4) { shape: [B*S, 4] }  # backward
        ScatterElements_9: float32[U, 4] = ScatterElements(Expand_7, Expand_6, Reshape_8)  # backward
        return { dtable: ScatterElements_9 }
      }"
    `);
  });
});

describe('the walk', () => {
  test('adds the gradients of all uses and stops at what is not asked for', async () => {
    const g = graphBuilder('walk');
    const x = g.input('x', 'float32', [2]);
    const y = g.Mul(x, x);
    const loss = g.ReduceSum(g.Add(g.Mul(y, x), y), { keepdims: 0 }); // x³ + x²
    const [dx, dy] = gradients(g, loss, [x, y]) as [Value, Value];
    g.output('dx', dx);
    g.output('dy', dy);
    const { dx: atX, dy: atY } = await runGraph(g.build(), { x: floats([2], [1, -2]) });
    expect([...(atX?.data ?? [])]).toEqual([5, 8]); // 3x² + 2x
    expect([...(atY?.data ?? [])]).toEqual([2, -1]); // x + 1, with x held
  });

  test('an inner value alone costs no nodes before it', () => {
    const g = graphBuilder('inner');
    const x = g.input('x', 'float32', ['B', 4]);
    const features = g.Tanh(x);
    const loss = g.ReduceSum(g.Exp(features), { keepdims: 0 });
    const before = g.nodes.length;
    const [d] = gradients(g, loss, [features]);
    expect(d?.shape).toEqual(['B', 4]);
    expect(g.nodes.slice(before).map((node) => node.op)).toEqual(['Expand', 'Mul']);
  });

  test('gives zeros where the loss does not depend on a value', async () => {
    const g = graphBuilder('apart');
    const x = g.input('x', 'float32', ['B', 2]);
    const y = g.input('y', 'float32', ['B', 3]);
    const whole = g.Cast(g.Cast(y, { to: 'int32' }), { to: 'float32' });
    const loss = g.Add(g.ReduceSum(x, { keepdims: 0 }), g.ReduceSum(whole, { keepdims: 0 }));
    const [dx, dy] = gradients(g, loss, [x, y]) as [Value, Value];
    g.output('dx', dx);
    g.output('dy', dy);
    const results = await runGraph(g.build(), { x: floats([2, 2], [1, 2, 3, 4]), y: floats([2, 3], [1, 2, 3, 4, 5, 6]) });
    expect(results['dx']).toEqual(floats([2, 2], [1, 1, 1, 1]));
    expect(results['dy']).toEqual(floats([2, 3], [0, 0, 0, 0, 0, 0]));
  });

  test('a mean over a symbolic axis divides by its length at run time', async () => {
    const g = graphBuilder('mean');
    const x = g.input('x', 'float32', ['B', 2]);
    const [dx] = gradients(g, g.ReduceMean(x, { keepdims: 0 }), [x]) as [Value];
    g.output('dx', dx);
    const graph = g.build();
    for (const rows of [1, 4]) {
      const { dx: at } = await runGraph(graph, { x: filled([rows, 2], 7) });
      expect(at).toEqual(filled([rows, 2], 1 / (2 * rows)));
    }
  });

  test('duplicate indices add up, with several threads too', async () => {
    const g = graphBuilder('duplicates');
    const table = g.input('table', 'float32', [2, 64]);
    const ids = g.input('ids', 'int32', ['N']);
    const [d] = gradients(g, g.ReduceSum(g.Gather(table, ids), { keepdims: 0 }), [table]) as [Value];
    g.output('d', d);
    const feeds = { table: filled([2, 64], 0), ids: { shape: [4096], data: new Int32Array(4096).fill(1) } };
    const { d: counts } = await runGraph(g.build(), feeds, 2);
    expect(counts).toEqual(floats([2, 64], Array.from({ length: 128 }, (_, i) => (i < 64 ? 0 : 4096))));
  });

  test('refuses a loss that is no scalar, and the statistics of a normalization', () => {
    const g = graphBuilder('refused');
    const x = g.input('x', 'float32', [2, 4]);
    expect(() => gradients(g, x, [x])).toThrow(/A loss is a scalar/);
    const [, mean] = g.LayerNormalization(x, g.input('gamma', 'float32', [4]));
    expect(() => gradients(g, g.ReduceSum(mean, { keepdims: 0 }), [x])).toThrow(/Only the first output/);
  });
});

describe('the edges of a function', () => {
  const gradientsOf = async (
    build: (g: Builder, x: Value, p: Value) => Value,
    x: readonly number[],
    p: readonly number[],
  ): Promise<readonly [dx: readonly number[], dp: readonly number[]]> => {
    const g = graphBuilder('edge');
    const inputs = ['x', 'p'].map((name) => g.input(name, 'float32', [x.length])) as [Value, Value];
    const [dx, dp] = gradients(g, g.ReduceSum(build(g, ...inputs), { keepdims: 0 }), inputs) as [Value, Value];
    g.output('dx', dx);
    g.output('dp', dp);
    const found = await runGraph(g.build(), { x: floats([x.length], x), p: floats([p.length], p) });
    return [Array.from(found['dx']!.data, Number), Array.from(found['dp']!.data, Number)];
  };

  test('a power of zero, and to the power of zero, as JAX has them', async () => {
    const [dx, dp] = await gradientsOf((g, x, p) => g.Pow(x, p), [0, 0, 0, 2, 2], [0, 1, 2, 0, 3]);
    expect(dx).toEqual([0, 1, 0, 0, 12]);
    expect(dp.map((value) => Math.fround(value))).toEqual([0, 0, 0, Math.log(2), 8 * Math.log(2)].map((value) => expect.closeTo(value, 5)));
  });

  test('an infinite gradient goes where the value came from and leaves the other one alone', async () => {
    // The slope of a square root at 0 is infinite; it belongs to p, which was chosen there.
    const [dx, dp] = await gradientsOf((g, x, p) => g.Sqrt(g.Where(g.Greater(x, g.scalar(0)), x, p)), [4, -1], [9, 0]);
    expect(dx).toEqual([0.25, 0]);
    expect(dp).toEqual([0, Infinity]);
  });
});

import { expect, test } from 'vitest';
import { graphBuilder, lower, loweredOperators, print, type Graph } from '../../../src/engine/graph/index.ts';
import { floats, runGraph } from '../../helpers/run-graph.ts';

function lacking(): Graph {
  const g = graphBuilder('lacking');
  const [a, b] = [g.input('a', 'float32', ['B', 3, 2]), g.input('b', 'float32', ['B', 4, 2])];
  const scores = g.FusedMatMul(a, b, { transB: 1, alpha: 0.5 });
  g.output('scores', scores);
  g.output('logs', g.LogSoftmax(scores, { axis: -1 }));
  g.output('mean', g.Div(g.ReduceSum(scores, { keepdims: 0 }), g.Cast(g.Size(scores), { to: 'float32' })));
  return g.build();
}

test('what WebGPU lacks is written in what it has', () => {
  expect(print(lower(lacking(), 'webgpu'))).toMatchInlineSnapshot(`
    "lacking(a: float32[B, 3, 2], b: float32[B, 4, 2]) {
      Transpose_0: float32[B, 2, 4] = Transpose(b) { perm: [0, 2, 1] }
      MatMul_1: float32[B, 3, 4] = MatMul(a, Transpose_0)
      Mul_2: float32[B, 3, 4] = Mul(MatMul_1, 0.5)
      ReduceMax_3: float32[B, 3, 1] = ReduceMax(Mul_2) { axes: [2] }
      Sub_4: float32[B, 3, 4] = Sub(Mul_2, ReduceMax_3)
      Exp_5: float32[B, 3, 4] = Exp(Sub_4)
      ReduceSum_6: float32[B, 3, 1] = ReduceSum(Exp_5) { axes: [2] }
      Log_7: float32[B, 3, 1] = Log(ReduceSum_6)
      Sub_8: float32[B, 3, 4] = Sub(Sub_4, Log_7)
      ReduceSum_9: float32[] = ReduceSum(Mul_2) { axes: [0, 1, 2], keepdims: 0 }
      Expand_10: float32[B, 3, 4] = Expand(1) { shape: [B, 3, 4] }
      ReduceSum_11: float32[] = ReduceSum(Expand_10) { axes: [0, 1, 2], keepdims: 0 }
      Cast_12: float32[] = Cast(ReduceSum_11) { to: float32 }
      Div_13: float32[] = Div(ReduceSum_9, Cast_12)
      return { scores: Mul_2, logs: Sub_8, mean: Div_13 }
    }"
  `);
});

test('it computes the same', async () => {
  const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => 30 * Math.sin(1.3 * i));
  const feeds = { a: floats([2, 3, 2], numbers(12)), b: floats([2, 4, 2], numbers(16)) };
  const [before, after] = [await runGraph(lacking(), feeds), await runGraph(lower(lacking(), 'webgpu'), feeds)];
  for (const [name, { shape, data }] of Object.entries(before)) {
    expect(after[name]?.shape).toEqual(shape);
    // Scores reach 900; float32 keeps seven digits of them.
    data.forEach((x, i) => expect(Math.abs(Number(after[name]?.data[i]) - Number(x)), `${name}[${i}]`).toBeLessThan(2e-4));
  }
});

/** Sums over rows, with a bias before them. */
function biased(): Graph {
  const g = graphBuilder('biased');
  const [x, w, b] = [g.input('x', 'float32', ['N', 3]), g.input('w', 'float32', [2, 3]), g.input('b', 'float32', [2])];
  const y = g.Gemm(x, w, b, { transB: 1, alpha: 0.5 });
  const row = (length: number | string, value: number) => g.expand(g.scalar(value), [1, length]);
  g.output('sums', g.MatMul(row('N', 1), y));
  g.output('others', g.MatMul(row('N', 2), y));
  g.output('matrix', g.Gemm(x, w, y, { transB: 1 }));
  return g.build();
}

test('what CUDA is slow at is written in what it is fast at', async () => {
  expect(print(lower(biased(), 'cuda'))).toMatchInlineSnapshot(`
    "biased(x: float32[N, 3], w: float32[2, 3], b: float32[2]) {
      Gemm_0: float32[N, 2] = Gemm(x, w) { alpha: 0.5, transB: 1 }
      Add_1: float32[N, 2] = Add(Gemm_0, b)
      ReduceSum_3: float32[1, 2] = ReduceSum(Add_1) { axes: [0] }
      Expand_4: float32[1, N] = Expand(2) { shape: [1, N] }
      MatMul_5: float32[1, 2] = MatMul(Expand_4, Add_1)
      Gemm_6: float32[N, 2] = Gemm(x, w, Add_1) { transB: 1 }
      return { sums: ReduceSum_3, others: MatMul_5, matrix: Gemm_6 }
    }"
  `);
  const feeds = { x: floats([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), w: floats([2, 3], [1, 0, -1, 2, 0.5, 1]), b: floats([2], [10, 20]) };
  expect(await runGraph(lower(biased(), 'cuda'), feeds)).toEqual(await runGraph(biased(), feeds));
  expect(loweredOperators(biased(), 'cuda').map(({ op, nodes }) => [op, nodes])).toEqual([['Gemm', 1], ['MatMul', 1]]);
});

test('the CPU has everything', () => {
  const graph = lacking();
  expect(lower(graph, 'cpu')).toBe(graph);
});

import { describe, expect, test } from 'vitest';
import { graphBuilder, product, type Shape, type Value } from '../../../src/engine/graph/index.ts';

describe('dimensions', () => {
  test.each([
    [['B', 'S'], 'B*S'],
    [['S', 'B'], 'B*S'],
    [['S', 2, 'B', 3], '6*B*S'],
    [['B*S', 4], '4*B*S'],
    [['2*B', 'A*B'], '2*A*B*B'],
    [[2, 3], 6],
    [[], 1],
    [['B', 0], 0],
    [['B', 1], 'B'],
  ] as const)('%j multiply to %s', (dims, expected) => {
    expect(product(dims)).toBe(expected);
  });
});

describe('shapes with symbols', () => {
  const g = graphBuilder('shapes');
  const x = g.input('x', 'float32', ['B', 'S', 8]);
  const w = g.input('w', 'float32', [8, 4]);
  const ids = g.input('ids', 'int32', ['B', 'S']);
  const rows = g.reshape(x, ['B*S', 8]);
  const heads = g.reshape(rows, ['B', 'S', 2, 4]);
  const perHead = g.Transpose(heads, { perm: [0, 2, 1, 3] });

  test.each<[string, Value, Shape]>([
    ['Add', g.Add(x, g.input('bias', 'float32', ['S', 1])), ['B', 'S', 8]],
    ['Add stretching both', g.Add(g.input('c', 'float32', ['B', 1]), g.input('d', 'float32', [1, 'S'])), ['B', 'S']],
    ['MatMul', g.MatMul(x, w), ['B', 'S', 4]],
    ['FusedMatMul', g.FusedMatMul(perHead, perHead, { transB: 1 }), ['B', 2, 'S', 'S']],
    ['Gemm', g.Gemm(rows, w), ['B*S', 4]],
    ['Gemm, swapped', g.Gemm(rows, rows, { transA: 1 }), [8, 8]],
    ['Transpose', perHead, ['B', 2, 'S', 4]],
    ['Reshape', g.reshape(perHead, ['2*B', 'S', 4]), ['2*B', 'S', 4]],
    ['ReduceSum', g.ReduceSum(x, { axes: [1] }), ['B', 1, 8]],
    ['ReduceMean', g.ReduceMean(x, { axes: [0, -1], keepdims: 0 }), ['S']],
    ['Gather', g.Gather(w, ids), ['B', 'S', 4]],
    ['Gather inside', g.Gather(x, g.ints([0, 1]), { axis: 1 }), ['B', 2, 8]],
    ['GatherElements', g.GatherElements(x, g.input('at', 'int64', ['B', 'S', 1]), { axis: 2 }), ['B', 'S', 1]],
    ['Unsqueeze', g.Unsqueeze(ids, { axes: [1, -1] }), ['B', 1, 'S', 1]],
    ['Concat', g.Concat(x, x, { axis: -1 }), ['B', 'S', 16]],
    ['Slice of a symbolic axis', g.Slice(x, { starts: [0], ends: [1], axes: [1] }), ['B', 1, 8]],
    ['Slice from the end', g.Slice(x, { starts: [-2], ends: [2 ** 31 - 1], axes: [1] }), ['B', 2, 8]],
    ['Slice with a step', g.Slice(x, { starts: [1], ends: [2 ** 31 - 1], axes: [2], steps: [3] }), ['B', 'S', 3]],
    ['Pad', g.Pad(x, { pads: [0, 0, 1, 0, 0, 2] }), ['B', 'S', 11]],
    ['Expand', g.expand(g.scalar(0), ['B', 'S']), ['B', 'S']],
    ['Where', g.Where(g.Equal(ids, g.constant(Int32Array.of(0), 'int32', [])), g.scalar(1), g.scalar(0)), ['B', 'S']],
    ['Shape', g.Shape(x), [3]],
    ['Size', g.Size(x), []],
  ])('%s', (_, value, expected) => {
    expect(value.shape).toEqual(expected);
  });
});

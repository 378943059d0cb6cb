import { describe, expect, test } from 'vitest';
import { graphBuilder, print } from '../../../src/engine/graph/index.ts';

describe('building', () => {
  test('a small program', () => {
    const g = graphBuilder('head');
    const x = g.input('x', 'float32', ['B', 8]);
    const w = g.input('w', 'float32', [4, 8]);
    const b = g.input('b', 'float32', [4]);
    const logits = g.Gemm(x, w, b, { transB: 1 });
    const [normal] = g.LayerNormalization(logits, b, { epsilon: 1e-12 });
    g.output('logits', logits);
    g.output('part', g.Mul(g.Slice(normal, { starts: [1], ends: [3], axes: [-1] }), g.scalar(0.5)));
    g.output('table', g.Gather(g.constant(Float32Array.of(1, 2, 3), 'float32', [3]), g.ints([2, 0])));
    expect(print(g.build())).toMatchInlineSnapshot(`
      "head(x: float32[B, 8], w: float32[4, 8], b: float32[4]) {
        const_1: float32[3] = [1, 2, 3]
        const_2: int64[2] = [2, 0]
        Gemm_0: float32[B, 4] = Gemm(x, w, b) { transB: 1 }
        LayerNormalization_1: float32[B, 4], LayerNormalization_1.mean: float32[B, 1], LayerNormalization_1.invStd: float32[B, 1] = LayerNormalization(Gemm_0, b) { axis: 1, epsilon: 1e-12 }
        Slice_2: float32[B, 2] = Slice(LayerNormalization_1) { starts: [1], ends: [3], axes: [1] }
        Mul_3: float32[B, 2] = Mul(Slice_2, 0.5)
        Gather_4: float32[2] = Gather(const_1, const_2)
        return { logits: Gemm_0, part: Mul_3, table: Gather_4 }
      }"
    `);
  });

  test('equal calls give the same value', () => {
    const g = graphBuilder('same');
    const x = g.input('x', 'float32', [2, 3]);
    expect(g.Softmax(x, { axis: -1 })).toBe(g.Softmax(x, { axis: 1 }));
    expect(g.Softmax(x, { axis: 0 })).not.toBe(g.Softmax(x, { axis: 1 }));
    expect(g.Gemm(x, x, { transB: 1 })).toBe(g.Gemm(x, x, null, { transB: 1, alpha: 1 }));
    expect(g.expand(x, ['T*S', 2, 3])).toBe(g.expand(x, ['S*T', 2, 3]));
    expect(g.ReduceSum(x)).toBe(g.ReduceSum(x, { axes: [0, 1] }));
    expect(g.Sub(x, g.scalar(1))).not.toBe(g.Sub(g.scalar(1), x));
    expect(g.Split(x, { split: [1, 2], axis: 1 })[1]).toBe(g.Split(x, { split: [1, 2], axis: -1 })[1]);
  });

  test('constants are the same by dtype, shape and content', () => {
    const g = graphBuilder('constants');
    expect(g.scalar(0.1)).toBe(g.constant(Float32Array.of(0.1), 'float32', []));
    expect(g.scalar(0.1)).not.toBe(g.constant(Float32Array.of(0.1), 'float32', [1]));
    expect(g.scalar(0)).not.toBe(g.constant(Int32Array.of(0), 'int32', []));
    expect(g.scalar(0)).not.toBe(g.scalar(-0));
  });

  test('what no output needs is dropped, inputs stay', () => {
    const g = graphBuilder('dead');
    const x = g.input('x', 'float32', [2]);
    g.input('unused', 'float32', [2]);
    g.Exp(g.Mul(x, g.scalar(3)));
    g.output('y', g.Add(x, g.scalar(2)));
    expect(print(g.build())).toMatchInlineSnapshot(`
      "dead(x: float32[2], unused: float32[2]) {
        Add_2: float32[2] = Add(x, 2)
        return { y: Add_2 }
      }"
    `);
  });

  test('a reshape or expand to the same shape is no node', () => {
    const g = graphBuilder('same');
    const x = g.input('x', 'float32', ['B', 3]);
    expect(g.reshape(x, ['B', 3])).toBe(x);
    expect(g.Reshape(x, { shape: ['B', 1, 3, 1] })).toBe(g.reshape(x, ['B', 1, 3, 1]));
    expect(g.expand(x, ['B', 3])).toBe(x);
  });
});

describe('refusing', () => {
  const g = graphBuilder('wrong');
  const x = g.input('x', 'float32', ['B', 3]);
  const ids = g.input('ids', 'int64', ['B']);

  test.each<[string, () => unknown, RegExp]>([
    [
      'shapes that do not broadcast',
      () => g.Add(x, g.input('y', 'float32', ['B', 4])),
      /Add\(float32\[B, 3\], float32\[B, 4\]\): shapes do not broadcast/,
    ],
    ['two dtypes', () => g.Add(x, ids), /dtypes differ/],
    ['inner axes that differ', () => g.MatMul(x, g.input('w', 'float32', [4, 3])), /inner axes differ: 3 and 4/],
    ['a vector in a product', () => g.MatMul(x, g.input('v', 'float32', [3])), /two axes or more/],
    ['whole numbers where floats belong', () => g.Exp(ids), /takes floats, not int64/],
    ['indices that are floats', () => g.Gather(x, x), /indices/],
    ['another number of elements', () => g.reshape(x, ['B', 4]), /another number of elements/],
    ['another symbol', () => g.reshape(x, ['S', 3]), /another number of elements/],
    ['a target that is smaller', () => g.expand(x, ['B', 1]), /does not broadcast/],
    ['a repeated axis', () => g.Transpose(x, { perm: [0, 0] }), /no order of 2 axes/],
    ['squeezing a long axis', () => g.Squeeze(x, { axes: [1] }), /not 1/],
    ['parts that are not the whole', () => g.Split(x, { split: [1, 1], axis: 1 }), /parts make 2, the axis is 3/],
    ['joining along a symbolic axis', () => g.Concat(x, x, { axis: 0 }), /must have a known length/],
    ['a slice of unknown length', () => g.Slice(x, { starts: [1], ends: [2 ** 31 - 1], axes: [0] }), /no length known beforehand/],
    ['a stray attribute', () => g.Softmax(x, { axes: [1] } as never), /has no attribute axes/],
    ['an axis that is not there', () => g.Softmax(x, { axis: 2 }), /no axis 2/],
    ['a missing attribute', () => g.Transpose(x, {} as never), /needs the attribute perm/],
    ['a missing input', () => (g.MatMul as (a: typeof x) => unknown)(x), /lacks its input b/],
    ['a second input of a name', () => g.input('x', 'float32', [1]), /input x already/],
    ['a constant of another size', () => g.constant(Float32Array.of(1, 2), 'float32', [3]), /does not have 2 elements/],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message);
  });
});

import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { concrete, graphBuilder } from '../../../src/engine/graph/index.ts';
import { toShapeFedOnnx } from '../../../src/engine/graph/onnx/to-onnx.ts';
import { floats, runGraph } from '../../helpers/run-graph.ts';

const ids = { shape: [2, 3], data: BigInt64Array.of(0n, 1n, 2n, 2n, 1n, 0n) };

describe('ONNX bytes in onnxruntime', () => {
  test('outputs carry the names that the graph gives them, inputs and shared values too', async () => {
    const g = graphBuilder('names');
    const x = g.input('x', 'float32', [2]);
    const y = g.Neg(x);
    g.output('first', y);
    g.output('second', y);
    g.output('same', x);
    g.output('next', g.Exp(y));
    g.output('one', g.scalar(1));
    const results = await runGraph(g.build(), { x: floats([2], [1, -1]) });
    expect(Object.keys(results)).toEqual(['first', 'second', 'same', 'next', 'one']);
    expect(results['second']?.data).toEqual(Float32Array.of(-1, 1));
    expect(results['same']?.data).toEqual(Float32Array.of(1, -1));
    expect(results['next']?.data[1]).toBeCloseTo(Math.E, 5);
  });

  test('shapes with several unknown axes are assembled from the inputs', async () => {
    const g = graphBuilder('dynamic');
    const tokens = g.input('ids', 'int64', ['B', 'S']);
    const table = g.input('table', 'float32', [3, 4]);
    const rows = g.reshape(g.Gather(table, tokens), ['B*S', 4]);
    g.output('rows', rows);
    g.output('heads', g.Transpose(g.reshape(rows, ['B', 'S', 2, 2]), { perm: [0, 2, 1, 3] }));
    g.output('halves', g.reshape(rows, ['2*B', 'S', 2]));
    g.output('ones', g.expand(g.scalar(1), [1, '2*B*S']));
    g.output('spread', g.expand(g.reshape(rows, ['B', 'S', 1, 4]), ['B', 'S', 2, 4]));
    g.output('wide', g.expand(g.Slice(g.Gather(table, tokens), { starts: [0], ends: [1], axes: [1] }), ['B', 'S', 4]));
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    const results = await runGraph(g.build(), { ids, table: { shape: [3, 4], data } });
    expect(Object.fromEntries(Object.entries(results).map(([name, { shape }]) => [name, shape]))).toEqual({
      rows: [6, 4], heads: [2, 2, 3, 2], halves: [4, 3, 2], ones: [1, 12], spread: [2, 3, 2, 4], wide: [2, 3, 4],
    });
    expect([...(results['heads']?.data ?? [])].slice(0, 8)).toEqual([0, 1, 4, 5, 8, 9, 2, 3]);
  });

  test('shapes with unknown axes can be fed instead: then no node measures anything', async () => {
    const g = graphBuilder('fed');
    const x = g.reshape(g.input('x', 'float32', ['B*S', 4]), ['B', 'S', 4]);
    g.output('y', g.Add(x, g.expand(g.scalar(1), ['S', 1])));
    g.input('ids', 'int64', ['B', 'S']);
    const { bytes, shapes } = toShapeFedOnnx(g.build());
    expect([...shapes]).toEqual([['lengths(B,S,4)', ['B', 'S', 4]], ['lengths(S,1)', ['S', 1]]]);
    const operators = fromBinary(ModelProtoSchema, bytes).graph?.node.map(({ opType }) => opType);
    expect(operators).toEqual(['Reshape', 'Expand', 'Add']);
    const session = await InferenceSession.create(bytes);
    const fed = Object.fromEntries(
      [...shapes].map(([name, dims]) => [
        name,
        new Tensor(
          'int64',
          BigInt64Array.from(
            concrete(
              dims,
              new Map([
                ['B', 2],
                ['S', 3],
              ]),
            ),
            BigInt,
          ),
          [dims.length],
        ),
      ]),
    );
    const { y } = await session.run({
      ...fed,
      x: new Tensor('float32', new Float32Array(24), [6, 4]),
      ids: new Tensor('int64', ids.data, ids.shape),
    });
    expect([y?.dims, [...new Set(y?.data as Float32Array)]]).toEqual([[2, 3, 4], [1]]);
    await session.release();
  });

  test('attributes reach the runtime', async () => {
    const g = graphBuilder('attributes');
    const x = g.input('x', 'float32', [2, 3]);
    g.output('clipped', g.Clip(x, { min: 1.5 }));
    g.output('padded', g.Pad(x, { pads: [0, 1, 0, 0], value: -1 }));
    g.output('sliced', g.Slice(x, { starts: [2], ends: [2 ** 31 - 1], axes: [1] }));
    g.output('summed', g.ReduceSum(x, { axes: [0], keepdims: 0 }));
    g.output('largest', g.ReduceMax(x, { keepdims: 0 }));
    g.output('whole', g.Cast(x, { to: 'int32' }));
    g.output('scaled', g.FusedMatMul(x, x, { transB: 1, alpha: 0.5 }));
    g.output('squeezed', g.Squeeze(g.Unsqueeze(x, { axes: [0] }), { axes: [0] }));
    g.output('last', g.Split(x, { split: [1, 2], axis: 1 })[1]!);
    g.output(
      'added',
      g.ScatterElements(
        x,
        g.constant(BigInt64Array.of(1n, 1n, 0n), 'int64', [1, 3]),
        g.constant(Float32Array.of(10, 20, 30), 'float32', [1, 3]),
      ),
    );
    const results = await runGraph(g.build(), { x: floats([2, 3], [1, 2, 3, 4, 5, 6]) });
    expect(Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]))).toEqual({
      clipped: [1.5, 2, 3, 4, 5, 6],
      padded: [-1, 1, 2, 3, -1, 4, 5, 6],
      sliced: [3, 6],
      summed: [5, 7, 9],
      largest: [6],
      whole: [1, 2, 3, 4, 5, 6],
      scaled: [7, 16, 16, 38.5],
      squeezed: [1, 2, 3, 4, 5, 6],
      last: [2, 3, 5, 6],
      added: [1, 2, 33, 14, 25, 6],
    });
  });
});

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { graphBuilder, loopBatches, type Builder, type Graph, type Loop } from '../../../src/engine/graph/index.ts';
import { toLoopOnnx } from '../../../src/engine/graph/onnx/loop.ts';

/** total ← total + scale Σ x over x [B, S], as long as the sum stays below 100; `rows` [B, 2] are the sums of rows, twice. */
function summing(x: readonly (number | string)[] = ['B', 'S']): Graph {
  const g = graphBuilder('summing');
  const [total, scale, batch] = [g.input('total', 'float32', []), g.input('scale', 'float32', []), g.input('x', 'float32', x)];
  const sums = g.ReduceSum(batch, { axes: [1] }); // [B, 1]
  const next = g.Add(total, g.Mul(scale, g.ReduceSum(batch, { keepdims: 0 })));
  g.output('rows', g.Concat(sums, sums, { axis: 1 }));
  g.output('next', next);
  g.output('seen', g.Identity(total));
  g.output('small', g.Less(next, g.scalar(100)));
  return g.build();
}

const loopOf = (body: Graph, changes: Partial<Loop> = {}): Loop => ({
  body,
  carried: new Map([['total', 'next']]),
  fixed: new Set(['scale']),
  goesOn: 'small',
  ...changes,
});

async function run(
  loop: Loop,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, { readonly dims: readonly number[]; readonly data: readonly number[] }>>> {
  const session = await InferenceSession.create(toLoopOnnx(loop), { logSeverityLevel: 3 });
  try {
    const outputs = await session.run(feeds);
    return Object.fromEntries(Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data: [...(data as Float32Array)] }]));
  } finally {
    await session.release();
  }
}

const int64 = (shape: readonly number[], list: readonly number[]): Tensor => new Tensor('int64', BigInt64Array.from(list, BigInt), shape);
const uint32 = (shape: readonly number[], list: readonly number[]): Tensor => new Tensor('uint32', Uint32Array.from(list), shape);
const float32 = (shape: readonly number[], list: readonly number[]): Tensor => new Tensor('float32', Float32Array.from(list), shape);
const given = (count: number) => ({
  'loop.iterations': int64([], [count]),
  'loop.first.total': float32([], [0.5]),
  scale: float32([], [2]),
});
/** [[1, 2, 3]], then [[4, 5], [6, 7]], then [[40]], then [[1]]. */
const packed = {
  'loop.all.x': float32([9], [1, 2, 3, 4, 5, 6, 7, 40, 1]),
  'loop.places': uint32([4, 4], [0, 3, 1, 3, 3, 7, 2, 2, 7, 8, 1, 1, 8, 9, 1, 1]),
};

test('carries a value through batches of different shapes, and puts the other outputs together', async () => {
  const {
    'loop.last.total': last,
    'loop.all.seen': seen,
    'loop.all.rows': rows,
  } = await run(loopOf(summing()), { ...given(2), ...packed });
  expect(last).toEqual({ dims: [], data: [0.5 + 2 * 28] });
  expect(seen).toEqual({ dims: [2], data: [0.5, 12.5] });
  expect(rows).toEqual({ dims: [4, 2], data: [0, 0, 6, 6, 9, 9, 13, 13] }); // a row of zeros comes first
});

test('ends with the iteration that says so, or before the first', async () => {
  const ended = await run(loopOf(summing()), { ...given(4), ...packed });
  expect(ended['loop.all.seen']?.data).toEqual([0.5, 12.5, 56.5]);
  expect(ended['loop.last.total']?.data).toEqual([136.5]);
  const none = await run(loopOf(summing()), { ...given(0), ...packed });
  expect(none['loop.all.seen']?.dims).toEqual([0]);
  expect(none['loop.last.total']?.data).toEqual([0.5]);
});

test('takes inputs of known shape as rows of one tensor, with nothing to say where they are', async () => {
  const outputs = await run(loopOf(summing([1, 2])), { ...given(3), 'loop.all.x': float32([3, 1, 2], [1, 2, 3, 4, 5, 6]) });
  expect(outputs['loop.last.total']?.data).toEqual([42.5]);
  expect(outputs['loop.all.seen']?.data).toEqual([0.5, 6.5, 20.5]);
});

test('what cannot be looped is refused, all of it at once', () => {
  const problemsOf = (loop: Loop): readonly string[] => {
    try {
      loopBatches(loop);
      return [];
    } catch (error) {
      return (error as { readonly problems: readonly { readonly message: string }[] }).problems.map(({ message }) => message);
    }
  };
  const rewritten = (write: (g: Builder) => void): Graph => {
    const g = graphBuilder('odd');
    write(g);
    return g.build();
  };
  expect(problemsOf(loopOf(summing()))).toEqual([]);
  expect(problemsOf(loopOf(summing(), { carried: new Map([['total', 'rows']]), fixed: new Set(['scales']), goesOn: 'next' }))).toEqual([
    'rows cannot take the place of total',
    'there is no input scales',
    'next is no output of type bool[]',
    'the output small is bool[], not float32',
  ]);
  const odd = rewritten((g) => {
    const x = g.input('x', 'float32', ['B', 'S']);
    g.output('x2', g.Mul(x, x));
    g.output('small', g.Less(g.ReduceSum(x, { keepdims: 0 }), g.scalar(1)));
  });
  expect(problemsOf({ body: odd, carried: new Map(), fixed: new Set(), goesOn: 'small' })).toEqual([
    'the output x2, float32[B, S], cannot be joined along its first axis',
  ]);
});

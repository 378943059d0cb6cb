import { expect, test } from 'vitest';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import { openSession } from '../../../src/engine/runtime/session.ts';

test('reads fed arrays in place: what is written between two runs shows in the second', async () => {
  const g = graphBuilder('double');
  const x = g.input('x', 'float32', ['N']);
  g.output('y', g.Add(x, x));
  const session = await openSession(g.build(), { threads: 1, spinning: false });
  const data = new Float32Array(new WebAssembly.Memory({ initial: 1 }).buffer, 64, 3);
  const fed = session.tensor({ dtype: 'float32', shape: [3], data });
  data.set([1, 2, 3]);
  const first = await session.run({ x: fed });
  data.set([4, 5, 6]);
  const second = await session.run({ x: fed });
  expect([...first['y']!]).toEqual([2, 4, 6]);
  expect([...second['y']!]).toEqual([8, 10, 12]);
  await session.release();
});

test("a failure names the graph and keeps the runtime's words", async () => {
  const g = graphBuilder('lookup');
  g.output('y', g.Gather(g.input('table', 'float32', [2, 2]), g.input('row', 'int32', [1]), { axis: 0 }));
  const session = await openSession(g.build(), { threads: 1, spinning: false });
  const table = session.tensor({ dtype: 'float32', shape: [2, 2], data: new Float32Array(4) });
  const run = session.run({ table, row: session.tensor({ dtype: 'int32', shape: [1], data: Int32Array.of(9) }) });
  await expect(run).rejects.toMatchObject({
    code: 'run',
    subject: 'lookup',
    message: expect.stringMatching(/lookup failed in onnxruntime: .*out of/s),
  });
  await session.release();
});

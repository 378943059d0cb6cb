import { expect, test } from 'vitest';
import { graphBuilder, inline, print } from '../../../src/engine/graph/index.ts';
import { grouped, stacks } from '../../../src/engine/optim/stacks.ts';
import { floats, runGraph } from '../../helpers/run-graph.ts';

test('groups keep the order and are of even sizes', () => {
  expect(grouped(['a1', 'b1', 'a2', 'a3', 'b2', 'a4', 'a5'], (name) => name[0]!, 3)).toEqual([['a1', 'a2', 'a3'], ['a4', 'a5'], ['b1', 'b2']]);
  expect(grouped(['a1', 'b1', 'a2'], (name) => name[0]!, 1)).toEqual([['a1'], ['a2'], ['b1']]);
  expect(grouped([], () => '', 3)).toEqual([]);
});

test('what is split is joined again, and nodes of one element at a time work on the whole', async () => {
  const plain = graphBuilder('plain');
  const [a, b] = [plain.input('a', 'float32', [2, 3]), plain.input('b', 'float32', [3, 2])];
  const doubled = [a, b].map((x) => plain.Mul(x, plain.scalar(2)));
  plain.output('product', plain.MatMul(doubled[0]!, doubled[1]!));
  plain.output('sum', plain.Add(a, plain.constant(Float32Array.of(1, 2, 3), 'float32', [3])));

  const g = graphBuilder('stacked');
  const together = stacks(g);
  const whole = g.input('whole', 'float32', [2, 6]);
  const parts = together.parts(whole, [[2, 3], [3, 2]]);
  const outputs = inline(g, plain.build(), { input: ({ name }) => parts[['a', 'b'].indexOf(name)], node: together.hoist });
  for (const [name, value] of outputs) g.output(name, value);
  g.output('joined', together.join([...parts].reverse(), 6));
  const graph = g.build();
  expect(print(graph)).toMatchInlineSnapshot(`
    "stacked(whole: float32[2, 6]) {
      const_1: float32[3] = [1, 2, 3]
      Split_0: float32[1, 6], Split_0.1: float32[1, 6] = Split(whole) { split: [1, 1], axis: 0 }
      Reshape_1: float32[2, 3] = Reshape(Split_0) { shape: [2, 3] }
      Mul_3: float32[2, 6] = Mul(whole, 2)
      Split_4: float32[1, 6], Split_4.1: float32[1, 6] = Split(Mul_3) { split: [1, 1], axis: 0 }
      Reshape_5: float32[2, 3] = Reshape(Split_4) { shape: [2, 3] }
      Reshape_6: float32[3, 2] = Reshape(Split_4.1) { shape: [3, 2] }
      MatMul_7: float32[2, 2] = MatMul(Reshape_5, Reshape_6)
      Add_8: float32[2, 3] = Add(Reshape_1, const_1)
      Concat_9: float32[2, 6] = Concat(Split_0.1, Split_0) { axis: 0 }
      return { product: MatMul_7, sum: Add_8, joined: Concat_9 }
    }"
  `);
  const numbers = Array.from({ length: 12 }, (_, i) => i);
  const found = await runGraph(graph, { whole: floats([2, 6], numbers) });
  const expected = await runGraph(plain.build(), { a: floats([2, 3], numbers.slice(0, 6)), b: floats([3, 2], numbers.slice(6)) });
  expect(found['product']).toEqual(expected['product']);
  expect(found['sum']).toEqual(expected['sum']);
  expect(found['joined']).toEqual(floats([2, 6], [...numbers.slice(6), ...numbers.slice(0, 6)]));
});

import { expect, test } from 'vitest';
import { graphBuilder, inline, print, type Value } from '../../../src/engine/graph/index.ts';
import { grouped, stacks } from '../../../src/engine/optim/steps/stacks.ts';
import { floats, runGraph } from '../../helpers/run-graph.ts';

test('groups keep the order and are of even sizes', () => {
  expect(grouped(['a1', 'b1', 'a2', 'a3', 'b2', 'a4', 'a5'], (name) => name[0]!, 3)).toEqual([
    ['a1', 'a2', 'a3'],
    ['a4', 'a5'],
    ['b1', 'b2'],
  ]);
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
      Split_0: float32[1, 6], Split_0.1: float32[1, 6] = Split(whole) { split: [1, 1], axis: 0 }  # stacks
      Reshape_1: float32[2, 3] = Reshape(Split_0) { shape: [2, 3] }  # stacks
      Mul_3: float32[2, 6] = Mul(whole, 2)
      Split_4: float32[1, 6], Split_4.1: float32[1, 6] = Split(Mul_3) { split: [1, 1], axis: 0 }  # stacks
      Reshape_5: float32[2, 3] = Reshape(Split_4) { shape: [2, 3] }  # stacks
      Reshape_6: float32[3, 2] = Reshape(Split_4.1) { shape: [3, 2] }  # stacks
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

test('tensors that were 16 bits before are joined as such, and cast once', () => {
  const g = graphBuilder('joined');
  const narrow = ['a', 'b'].map((name) => g.input(name, 'bfloat16', [2, 3]));
  const wide = narrow.map((x) => g.Cast(x, { to: 'float32' }));
  g.output('once', stacks(g).join(wide, 6));
  g.output('mixed', stacks(g).join([wide[0]!, g.input('c', 'float32', [6])], 6));
  expect(print(g.build())).toMatchInlineSnapshot(`
    "joined(a: bfloat16[2, 3], b: bfloat16[2, 3], c: float32[6]) {
      Cast_0: float32[2, 3] = Cast(a) { to: float32 }
      Reshape_2: bfloat16[1, 6] = Reshape(a) { shape: [1, 6] }
      Reshape_3: bfloat16[1, 6] = Reshape(b) { shape: [1, 6] }
      Concat_4: bfloat16[2, 6] = Concat(Reshape_2, Reshape_3) { axis: 0 }
      Cast_5: float32[2, 6] = Cast(Concat_4) { to: float32 }
      Reshape_6: float32[1, 6] = Reshape(Cast_0) { shape: [1, 6] }
      Reshape_7: float32[1, 6] = Reshape(c) { shape: [1, 6] }
      Concat_8: float32[2, 6] = Concat(Reshape_6, Reshape_7) { axis: 0 }
      return { once: Cast_5, mixed: Concat_8 }
    }"
  `);
});

test('neighbours that a node joins are a piece of the stack, and parts of one tensor are joined as that', async () => {
  const plain = graphBuilder('plain');
  const xs = [0, 1, 2, 3].map((i) => plain.input(`x${i}`, 'float32', [2, 3]));
  plain.output('pair', plain.Concat(xs[2]!, xs[3]!, { axis: 0 }));
  plain.output('others', plain.Concat(xs[1]!, xs[2]!, { axis: 0 })); // not a piece of the stack

  const g = graphBuilder('stacked');
  const together = stacks(g);
  const parts = together.parts(g.input('whole', 'float32', [4, 6]), xs.map(({ shape }) => shape));
  const outputs = inline(g, plain.build(), { input: ({ name }) => parts[Number(name[1])], node: together.hoist });
  for (const [name, value] of outputs) g.output(name, value);
  const [rows, columns] = [g.input('rows', 'float32', [4, 3]), g.input('columns', 'float32', [3, 4])];
  g.output('rows again', together.join(g.Split(rows, { split: [2, 2], axis: 0 }) as Value[], 6));
  // their numbers do not lie one after the other
  g.output('columns joined', together.join(g.Split(columns, { split: [2, 2], axis: 1 }) as Value[], 6));
  const graph = g.build();
  expect(print(graph).split('\n').filter((line) => /rows|pair|Concat/.test(line))).toMatchInlineSnapshot(`
    [
      "stacked(whole: float32[4, 6], rows: float32[4, 3], columns: float32[3, 4]) {",
      "  Concat_7: float32[4, 3] = Concat(Reshape_2, Reshape_3) { axis: 0 }",
      "  Reshape_9: float32[2, 6] = Reshape(rows) { shape: [2, 6] }",
      "  Concat_13: float32[2, 6] = Concat(Reshape_11, Reshape_12) { axis: 0 }",
      "  return { pair: Reshape_6, others: Concat_7, rows again: Reshape_9, columns joined: Concat_13 }",
    ]
  `);
  const twelve = Array.from({ length: 12 }, (_, i) => i);
  const numbers = Array.from({ length: 24 }, (_, i) => i);
  const found = await runGraph(graph, { whole: floats([4, 6], numbers), rows: floats([4, 3], twelve), columns: floats([3, 4], twelve) });
  expect(found['pair']).toEqual(floats([4, 3], numbers.slice(12)));
  expect(found['others']).toEqual(floats([4, 3], numbers.slice(6, 18)));
  expect(found['rows again']).toEqual(floats([2, 6], twelve));
  expect(found['columns joined']).toEqual(floats([2, 6], [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11]));
});

test('a bias is read as the row that it is in its stack', async () => {
  const plain = graphBuilder('plain');
  const [x, w, b] = [plain.input('x', 'float32', ['N', 2]), plain.input('w', 'float32', [2, 3]), plain.input('b', 'float32', [3])];
  plain.output('y', plain.Gemm(x, w, b));
  const g = graphBuilder('stacked');
  const together = stacks(g);
  const [, second] = together.parts(g.input('whole', 'float32', [2, 3]), [[3], [3]]);
  for (const [name, y] of inline(g, plain.build(), { input: ({ name }) => (name === 'b' ? second : undefined), node: together.hoist }))
    g.output(name, y);
  const graph = g.build();
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Split', 'Gemm']);
  const feeds = { x: floats([1, 2], [1, 2]), w: floats([2, 3], [1, 2, 3, 4, 5, 6]) };
  expect(await runGraph(graph, { ...feeds, whole: floats([2, 3], [0, 0, 0, 10, 20, 30]) })).toEqual(
    await runGraph(plain.build(), { ...feeds, b: floats([3], [10, 20, 30]) }),
  );
});

import { describe, expect, test } from 'vitest';
import { check, graphBuilder, type Dim, type Graph, type Node, type Value } from '../../../src/engine/graph/index.ts';

/** y = exp(x + c), to be broken in one place at a time. */
function sound(): Graph {
  const g = graphBuilder('sound');
  const x = g.input('x', 'float32', ['B', 2]);
  g.output('y', g.Exp(g.Add(x, g.constant(Float32Array.of(1, 2), 'float32', [2]))));
  return g.build();
}

describe('the checker', () => {
  const graph = sound();
  const [add, exp] = graph.nodes as [Node, Node];
  const [x] = graph.inputs as [Value];
  const [c] = graph.constants.keys();
  const made = add.outputs[0] as Value;
  const expanded = (dim: Dim): Node => ({
    op: 'Expand',
    inputs: [x],
    attrs: { shape: [dim, 'B', 2] },
    outputs: [{ ...made, name: 'n', shape: [dim, 'B', 2] }],
  });
  const returning = (type: Partial<Value>): readonly Node[] => [add, { ...exp, outputs: [{ ...(exp.outputs[0] as Value), ...type }] }];

  test('accepts a sound graph', () => {
    expect(() => check(graph)).not.toThrow();
  });

  test.each<[string, Partial<Graph>, RegExp]>([
    ['a value used before it is made', { nodes: [exp, add] }, /Exp uses Add_0 before it is made/],
    ['a value made twice', { nodes: [add, add, exp] }, /two values are called Add_0/],
    ['a value that nothing makes', { nodes: [exp] }, /Exp uses Add_0 before/],
    ['an unknown operator', { nodes: [{ ...add, op: 'Plus' }, exp] }, /no operator Plus/],
    ['a missing input', { nodes: [{ ...add, inputs: [x, null] }, exp] }, /lacks its input b/],
    ['a wrong shape', { nodes: returning({ shape: ['B'] }) }, /should be float32\[B, 2\], not float32\[B\]/],
    ['a wrong dtype', { nodes: returning({ dtype: 'int32' }) }, /not int32\[B, 2\]/],
    ['a stray attribute', { nodes: [{ ...add, attrs: { axis: 1 } }, exp] }, /Add has the attributes axis/],
    ['a constant of another size', { constants: new Map([[c as Value, Float32Array.of(1)]]) }, /does not have 1 elements/],
    [
      'an output that nothing makes',
      { outputs: new Map([['y', { name: 'z', dtype: 'float32', shape: [] }]]) },
      /the output y returns z, which nothing makes/,
    ],
    ["an output with another value's name", { outputs: new Map([['x', made]]) }, /the output x has the name of another value/],
    ['a symbol of no input', { nodes: [add, exp, expanded('2*T')] }, /the dimension 2\*T of n is no axis/],
    ['an input too many', { nodes: [{ ...add, inputs: [x, x, x] }, exp] }, /takes 2 inputs/],
    ['an axis that is not there', { nodes: [add, { ...exp, op: 'Softmax', attrs: { axis: 2 } }] }, /there is no axis 2/],
    ['a dimension not in canonical form', { inputs: [x, { name: 'n', dtype: 'float32', shape: ['B*2'] }] }, /not in canonical form/],
  ])('rejects %s', (_, broken, message) => {
    expect(() => check({ ...graph, ...broken })).toThrow(message);
  });

  test('lists every problem', () => {
    const problems = (): unknown => {
      try {
        check({ ...graph, nodes: [exp, { ...add, op: 'Plus' }] });
        return [];
      } catch (error) {
        return (error as { problems: unknown }).problems;
      }
    };
    expect(problems()).toHaveLength(2);
  });
});

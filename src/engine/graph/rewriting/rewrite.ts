import { OrtrainError } from '../../../core/errors.ts';
import { applyOperator, graphBuilder, type Builder } from '../builder.ts';
import { check } from '../check.ts';
import { factors, product } from '../dims.ts';
import { operatorOf } from '../ops.ts';
import type { ConstantData, Dim, Graph, Node, Shape, Value } from '../types.ts';

/** What comes in place of a graph's parts. A part that is not named here, or for which undefined is answered, is copied. */
export interface Rewriting {
  /** In place of a symbolic length. */
  readonly symbols?: Readonly<Record<string, string>>;
  input?(x: Value): Value | undefined;
  constant?(x: Value, data: ConstantData): Value | undefined;
  /** In place of a node's outputs. `inputs` are those of the node, rewritten; `made` gives what stands for any value before the node. */
  node?(node: Node, inputs: Node['inputs'], made: (x: Value) => Value): Value | readonly Value[] | undefined;
  output?(value: Value): Value;
}

/** The graph, written anew with parts of it replaced. `rewriting` may declare inputs of its own first. */
export function rewrite(graph: Graph, rewriting: (g: Builder) => Rewriting): Graph {
  const g = graphBuilder(graph.name, graph.outputs.keys());
  for (const [name, value] of inline(g, graph, rewriting(g))) g.output(name, value);
  return g.build();
}

/**
 * Writes a graph into another one, with parts of it replaced, in the scopes of the nodes that they stand for; answers with what its outputs
 * are there.
 */
export function inline(g: Builder, graph: Graph, { symbols = {}, ...replace }: Rewriting = {}): ReadonlyMap<string, Value> {
  const renamed = (shape: Shape): Shape => shape.map((dim) => product(factors(dim).map((factor): Dim => symbols[factor] ?? factor)));
  const made = new Map<Value, Value>();
  const rewritten = (x: Value): Value => {
    const value = made.get(x);
    if (value === undefined) throw new OrtrainError('run', `Rewriting the graph ${graph.name} left nothing in place of ${x.name}.`);
    return value;
  };

  for (const x of graph.inputs) made.set(x, replace.input?.(x) ?? g.input(x.name, x.dtype, renamed(x.shape)));
  for (const [x, data] of graph.constants)
    made.set(x, replace.constant?.(x, data) ?? g.constant(data, x.dtype, x.shape as readonly number[]));
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((x) => (x === null ? null : rewritten(x)));
    const write = () => replace.node?.(node, inputs, rewritten) ?? copy(g, node, inputs, renamed);
    const outputs = [node.scope === undefined ? write() : g.scope(node.scope, write)].flat();
    node.outputs.forEach((y, i) => {
      if (outputs[i] !== undefined) made.set(y, outputs[i]);
    });
  }
  return new Map([...graph.outputs].map(([name, value]) => [name, replace.output?.(rewritten(value)) ?? rewritten(value)]));
}

/** The graph with constants in place of the inputs of these names. Those that no node reads are left out. */
export function bind(graph: Graph, data: ReadonlyMap<string, ConstantData>): Graph {
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  const constants = new Map(graph.constants);
  for (const x of graph.inputs) {
    const values = data.get(x.name);
    if (values !== undefined && used.has(x)) constants.set(x, values);
  }
  const bound: Graph = { ...graph, constants, inputs: graph.inputs.filter((x) => !data.has(x.name)) };
  check(bound);
  return bound;
}

function copy(g: Builder, { op, attrs }: Node, inputs: Node['inputs'], renamed: (shape: Shape) => Shape): readonly Value[] {
  const specs = operatorOf(op)?.attrs ?? {};
  const kept = Object.entries(attrs).map(([key, value]) => [key, specs[key]?.kind === 'dims' ? renamed(value as Shape) : value] as const);
  return applyOperator(g, op, inputs, Object.fromEntries(kept));
}

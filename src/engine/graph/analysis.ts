import { costs, type Cost, type WorkKind } from './costs.ts';
import { concrete, type Symbols } from './dims.ts';
import type { OpName } from './ops.ts';
import type { DType, Graph, Node, Value } from './types.ts';

/** Operations of a node when the symbols have these lengths. The one cast: a node of a checked graph has its operator's attributes. */
export function operationsOf({ op, inputs, outputs, attrs }: Node, lengths: Symbols): number {
  const { operations } = costs[op as OpName] as Cost<Node['attrs']>;
  const shapes = inputs.map((x) => (x === null ? null : concrete(x.shape, lengths)));
  return operations(shapes, outputs.map((y) => concrete(y.shape, lengths)), attrs);
}

export function workKind({ op }: Node): WorkKind {
  return costs[op as OpName].kind;
}

/** The memory that a value takes. */
export function bytesOf({ dtype, shape }: Pick<Value, 'dtype' | 'shape'>, lengths: Symbols): number {
  return concrete(shape, lengths).reduce((product, length) => product * length, ELEMENT_BYTES[dtype]);
}

const ELEMENT_BYTES: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint32: 4,
  bool: 1,
};

/** The nodes that these values are made of. */
export function nodesBehind(graph: Graph, values: readonly Value[]): ReadonlySet<Node> {
  const needed = new Set<Value | null>(values);
  const found = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((y) => needed.has(y))) continue;
    found.add(node);
    node.inputs.forEach((x) => needed.add(x));
  }
  return found;
}

/**
 * What a first part of the graph leaves for the rest: values that its nodes make and other nodes read. Of a training step, the
 * activations that the forward pass keeps for the backward pass.
 */
export function keptValues(graph: Graph, first: ReadonlySet<Node>): readonly Value[] {
  const storage = storageOf(graph);
  const made = new Set([...first].flatMap((node) => node.outputs).map(storage));
  const read = graph.nodes.filter((node) => !first.has(node)).flatMap((node) => node.inputs.map((x) => (x === null ? x : storage(x))));
  return [...new Set(read)].filter((x): x is Value => x !== null && made.has(x));
}

/**
 * The most memory that values made by nodes take at a time, in bytes, when nodes run in order and a value goes after its last use;
 * outputs stay. A runtime that writes results over their operands needs less.
 */
export function peakBytes(graph: Graph, lengths: Symbols): number {
  const storage = storageOf(graph);
  const lastUse = new Map<Value, number>();
  graph.nodes.forEach((node, at) => [...node.inputs, ...node.outputs].forEach((x) => x !== null && lastUse.set(storage(x), at)));
  for (const y of graph.outputs.values()) lastUse.set(storage(y), graph.nodes.length);
  const made = new Set<Value>();
  let [held, most] = [0, 0];
  graph.nodes.forEach((node, at) => {
    const fresh = node.outputs.filter((y) => storage(y) === y);
    for (const y of fresh) held += bytesOf(y, lengths);
    fresh.forEach((y) => made.add(y));
    most = Math.max(most, held);
    const touched = new Set([...node.inputs, ...node.outputs].flatMap((x) => (x === null ? [] : storage(x))));
    for (const x of touched) if (made.has(x) && lastUse.get(x) === at) held -= bytesOf(x, lengths);
  });
  return most;
}

/** These give their input another shape and no memory of its own. */
const VIEWS: readonly string[] = ['Reshape', 'Squeeze', 'Unsqueeze', 'Identity'];

/** The value in whose memory a value stands. */
function storageOf(graph: Graph): (x: Value) => Value {
  const roots = new Map<Value, Value>();
  const storage = (x: Value): Value => roots.get(x) ?? x;
  for (const { op, inputs, outputs } of graph.nodes) {
    const [x, y] = [inputs[0], outputs[0]];
    if (VIEWS.includes(op) && x && y) roots.set(y, storage(x));
  }
  return storage;
}

import {
  bytesOf,
  keptValues,
  layerOf,
  nodesBehind,
  operationsOf,
  peakBytes,
  workKind,
  type Graph,
  type Node,
  type Symbols,
  type Value,
  type WorkKind,
} from './graph/index.ts';
import type { ParameterSpec, StepProgram } from './program.ts';

/** Some of a program's parameters. */
export interface ParameterSum {
  readonly tensors: number;
  /** Single numbers. */
  readonly count: number;
  readonly bytes: number;
}

/** Those that have a gradient, and the others. */
export function parameterSums({ parameters, gradients }: StepProgram): { readonly trained: ParameterSum; readonly frozen: ParameterSum } {
  const names = new Set(gradients.map(({ parameter }) => parameter));
  return {
    trained: sumOf(parameters.filter(({ name }) => names.has(name))),
    frozen: sumOf(parameters.filter(({ name }) => !names.has(name))),
  };
}

export function sumOf(parameters: readonly ParameterSpec[]): ParameterSum {
  const count = parameters.reduce((total, { shape }) => total + shape.reduce((product, length) => product * length, 1), 0);
  return { tensors: parameters.length, count, bytes: FLOAT_BYTES * count };
}

const FLOAT_BYTES = 4;

export interface OperatorCount {
  readonly op: string;
  readonly kind: WorkKind;
  readonly nodes: number;
}

/** The graph's operators, the most frequent first. */
export function operatorCounts({ nodes }: Graph): readonly OperatorCount[] {
  const counts = new Map<string, OperatorCount>();
  for (const node of nodes) counts.set(node.op, { op: node.op, kind: workKind(node), nodes: (counts.get(node.op)?.nodes ?? 0) + 1 });
  return [...counts.values()].sort((a, b) => b.nodes - a.nodes);
}

/** Bytes that one step takes, by what they hold. */
export interface StepMemory {
  /** All of them, frozen ones too. */
  readonly parameters: number;
  /** What the optimizer keeps beside each trained parameter. */
  readonly optimizerState: number;
  /** As they leave the graph: of an embedding table, the rows in use. */
  readonly gradients: number;
  /** What the forward pass leaves for the backward pass. */
  readonly activations: number;
  readonly masks: number;
  /** The other tensors that a batch feeds. */
  readonly batch: number;
  /** The most that values of the graph take at a time, gradients and activations among them. */
  readonly peak: number;
}

/** `slots`: numbers that the optimizer keeps for each that is trained. */
export function stepMemory(program: StepProgram, lengths: Symbols, slots: number): StepMemory {
  const { graph, gradients, masks, parameters } = program;
  const total = (values: readonly (Value | undefined)[]): number =>
    values.reduce((sum, x) => sum + (x === undefined ? 0 : bytesOf(x, lengths)), 0);
  const own = new Set([...parameters.map(({ name }) => name), ...masks.map(({ input }) => input)]);
  const sums = parameterSums(program);
  return {
    parameters: sums.trained.bytes + sums.frozen.bytes,
    optimizerState: slots * sums.trained.bytes,
    gradients: total(gradients.map(({ output }) => graph.outputs.get(output))),
    activations: total(keptValues(graph, forwardNodes(program))),
    masks: masks.reduce((sum, { shape }) => sum + bytesOf({ dtype: 'uint8', shape }, lengths), 0),
    batch: total(graph.inputs.filter(({ name }) => !own.has(name))),
    peak: peakBytes(graph, lengths),
  };
}

/** Floating-point operations. */
export type Work = Readonly<Record<WorkKind, number>>;

export interface StepWork {
  readonly forward: Work;
  readonly backward: Work;
  /** Of the optimizer. */
  readonly update: number;
  readonly total: number;
}

/** `perParameter`: operations of the update of one number. Rows of an embedding table without a gradient are updated like the others. */
export function stepWork(program: StepProgram, lengths: Symbols, perParameter: number): StepWork {
  const first = forwardNodes(program);
  const forward = workOf([...first], lengths);
  const backward = workOf(program.graph.nodes.filter((node) => !first.has(node)), lengths);
  const update = perParameter * parameterSums(program).trained.count;
  return { forward, backward, update, total: totalWork(forward) + totalWork(backward) + update };
}

/** Floating-point operations of one layer, or of what belongs to none, which is called `other`. */
export interface LayerWork {
  readonly layer: string;
  readonly forward: number;
  readonly backward: number;
}

/** What each layer takes of a step before the update, in the order of the forward pass. */
export function layerWork(program: StepProgram, lengths: Symbols): readonly LayerWork[] {
  const first = forwardNodes(program);
  const layers = new Map<string, LayerWork>();
  for (const node of program.graph.nodes) {
    const layer = layerOf(node.scope ?? '') || 'other';
    const { forward, backward } = layers.get(layer) ?? { forward: 0, backward: 0 };
    const operations = operationsOf(node, lengths);
    const isForward = first.has(node);
    layers.set(layer, { layer, forward: forward + (isForward ? operations : 0), backward: backward + (isForward ? 0 : operations) });
  }
  return [...layers.values()].filter(({ forward, backward }) => forward + backward > 0);
}

export function workOf(nodes: readonly Node[], lengths: Symbols): Work {
  const work = { 'matrix products': 0, 'element by element': 0, 'along axes': 0, 'moving data': 0 };
  for (const node of nodes) work[workKind(node)] += operationsOf(node, lengths);
  return work;
}

export function totalWork(work: Work): number {
  return Object.values(work).reduce((sum, operations) => sum + operations, 0);
}

function forwardNodes({ graph, loss, logits }: StepProgram): ReadonlySet<Node> {
  return nodesBehind(graph, [loss, logits].flatMap((name) => graph.outputs.get(name) ?? []));
}

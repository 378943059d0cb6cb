import { graphBuilder, inline, type Builder, type Graph, type Shape, type Symbols, type Value } from '../graph/index.ts';
import type { Feeds, StepProgram } from '../program.ts';
import type { Arithmetic } from './arithmetic.ts';
import { CLIP_EPSILON } from './clip.ts';
import { maskNodes } from './mask-nodes.ts';
import type { Optimizer, StepSettings } from './rules.ts';

/** A tensor that a step reads and replaces: a trained parameter, or a slot of its optimizer. */
export interface StateSpec {
  readonly parameter: string;
  /** Null for the parameter itself. */
  readonly slot: string | null;
  readonly shape: readonly number[];
  readonly input: string;
  /** The graph output that holds the new value. */
  readonly output: string;
}

/**
 * A training step that is one graph from the batch to the updated state: for devices on which the state stays. Its inputs are
 * those of the program without the masks, the slots, and the two kinds of feeds.
 */
export interface DeviceStep {
  readonly graph: Graph;
  readonly state: readonly StateSpec[];
  /** Output names: scalars, and logits [B, outputs]. */
  readonly loss: string;
  readonly logits: string;
  readonly gradientNorm: string;
  /** What a step is fed besides its batch. */
  stepFeeds(at: Omit<StepSettings, 'weightDecay'>, seed: number): Feeds;
  /** What all batches of a shape are fed. */
  shapeFeeds(symbols: Symbols): Feeds;
}

/** Adds dropout masks, clipping and the optimizer's update to a program as nodes. */
export function deviceStep(program: StepProgram, { rule, weightDecay, noDecay = () => false }: Optimizer, clipNorm: number | null): DeviceStep {
  const g = graphBuilder(program.graph.name, program.graph.outputs.keys());
  const { masks, keys, starts } = maskNodes(g, program.masks);
  const inputs = new Map(program.graph.inputs.map((x) => [x.name, masks.get(x.name) ?? g.input(x.name, x.dtype, x.shape)]));
  const outputs = inline(g, program.graph, { input: (x) => inputs.get(x.name) });
  const gradients = program.gradients.map(({ output }) => outputs.get(output) as Value);
  const squares = gradients.map((gradient) => sumOfSquares(g, gradient));
  const norm = g.Sqrt(g.ReduceSum(g.Concat(...squares, { axis: 0 }), { keepdims: 0 }));
  const clipped = clipNorm === null ? gradients : gradients.map((gradient) => g.Mul(clipFactor(g, norm, clipNorm), gradient));

  const decays = program.gradients.map(({ parameter }) => !noDecay(parameter));
  const groups = [true, false].filter((decay) => decays.includes(decay));
  const scalars = new Map(groups.map((decay) => [decay, Object.fromEntries(Object.keys(rule.scalars).map((name) => [name, g.input(scalarName(name, decay), 'float32', [])]))]));
  const state = program.gradients.flatMap(({ parameter, rows }, i): StateSpec[] => {
    const p = inputs.get(parameter) as Value;
    const shape = p.shape as readonly number[];
    const gradient = rows === undefined ? (clipped[i] as Value) : wholeTable(g, clipped[i] as Value, inputs.get(rows) as Value, shape);
    const specs = rule.slots.map((slot): StateSpec & { readonly slot: string } => ({ parameter, slot, shape, input: `${slot}.${parameter}`, output: `next.${slot}.${parameter}` }));
    const slots = Object.fromEntries(specs.map(({ slot, input }) => [slot, g.input(input, 'float32', shape)]));
    const next = rule.update(nodes(g), p, gradient, slots, scalars.get(decays[i] as boolean) ?? {});
    const spec: StateSpec = { parameter, slot: null, shape, input: parameter, output: `next.${parameter}` };
    g.output(spec.output, next.p);
    for (const { slot, output } of specs) g.output(output, next.slots[slot] as Value);
    return [spec, ...specs];
  });

  for (const name of [program.loss, program.logits]) g.output(name, outputs.get(name) as Value);
  g.output(NORM, norm);
  return {
    graph: g.build(),
    state,
    loss: program.loss,
    logits: program.logits,
    gradientNorm: NORM,
    stepFeeds: (at, seed) => ({
      ...keys(seed, at.step),
      ...Object.fromEntries(
        groups.flatMap((decay) => Object.entries(rule.scalars).map(([name, value]) => [scalarName(name, decay), scalar(value({ ...at, weightDecay: decay ? weightDecay : 0 }))])),
      ),
    }),
    shapeFeeds: starts,
  };
}

const NORM = 'gradient_norm';

function scalarName(name: string, decay: boolean): string {
  return `optimizer.${name}${decay ? '' : '.undecayed'}`;
}

function scalar(x: number): Feeds[string] {
  return { dtype: 'float32', shape: [], data: Float32Array.of(x) };
}

/** An update rule's operations, as nodes of a graph. */
function nodes(g: Builder): Arithmetic<Value> {
  return {
    add: (a, b) => g.Add(a, b),
    sub: (a, b) => g.Sub(a, b),
    mul: (a, b) => g.Mul(a, b),
    div: (a, b) => g.Div(a, b),
    max: (a, b) => g.Max(a, b),
    sqrt: (a) => g.Sqrt(a),
  };
}

/** Σ x² as [1]. Row by row first: a device sums rows side by side, and float32 keeps more digits of short sums. */
function sumOfSquares(g: Builder, x: Value): Value {
  const squares = g.Mul(x, x);
  return g.reshape(g.ReduceSum(x.shape.length > 1 ? g.ReduceSum(squares, { axes: [-1], keepdims: 0 }) : squares), [1]);
}

/** `clipFactor` of optim/clip.ts. */
function clipFactor(g: Builder, norm: Value, maxNorm: number): Value {
  return g.Min(g.scalar(1), g.Div(g.scalar(maxNorm), g.Add(norm, g.scalar(CLIP_EPSILON))));
}

/** A table of zeros with the gradient [U, width] in the rows that the batch uses; the others decay and their moments go on. */
function wholeTable(g: Builder, gradient: Value, rows: Value, shape: Shape): Value {
  const each = g.expand(g.reshape(rows, [...rows.shape, ...shape.slice(1).map(() => 1)]), gradient.shape);
  return g.ScatterElements(g.expand(g.scalar(0), shape), each, gradient, { axis: 0 });
}

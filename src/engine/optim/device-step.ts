import {
  graphBuilder,
  inline,
  joinProducts,
  product,
  type Builder,
  type Graph,
  type Shape,
  type Symbols,
  type Value,
} from '../graph/index.ts';
import type { Feeds, GradientSpec, StepProgram } from '../program.ts';
import { CLIP_EPSILON } from './clip.ts';
import { maskNodes, type MaskNodes } from './mask-nodes.ts';
import type { Optimizer, StepSettings } from './rules.ts';
import { stacks } from './stacks.ts';
import { partsOf, trainedGroups, type TrainedGroup } from './trained-groups.ts';
import { leanUpdate, plainUpdate, scalarsWithoutDecay } from './update-nodes.ts';

/** A tensor that a step reads and replaces: trained parameters, or a slot of their optimizer. */
export interface StateSpec {
  /** Those whose numbers it holds, one after the other: one alone, or several of the same size. */
  readonly parameters: readonly string[];
  /** Null for the parameters themselves. */
  readonly slot: string | null;
  /** The parameter's own shape; of several parameters [count, numbers of each]. */
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
  /** True where a scaled loss may make gradients that are not finite, which the next step with another scale will not have. */
  readonly mayOverflow: boolean;
  /** What all batches of a shape are fed. */
  shapeFeeds(symbols: Symbols): Feeds;
}

export interface DeviceOptions {
  /**
   * Put masks of a shape together, parameters of a size, and products of the same matrix: a third of the nodes, for one more copy of
   * parameters and gradients.
   * For devices on which a node takes longer to start than to run.
   */
  readonly stacked?: boolean;
}

/** Adds dropout masks, clipping and the optimizer's update to a program as nodes. */
export function deviceStep(given: StepProgram, optimizer: Optimizer, clipNorm: number | null, options: DeviceOptions = {}): DeviceStep {
  const program = forDevice(given, options);
  const g = graphBuilder(program.graph.name, program.graph.outputs.keys());
  const { outputs, keys, starts, ...trained } = gradientNodes(g, program, groupsOf(program, optimizer, options), options);
  const { state, norm, scalars } = g.scope('optimizer', () => updateNodes(g, trained, optimizer, clipNorm, options));
  for (const name of [program.loss, program.logits]) g.output(name, outputs.get(name) as Value);
  g.output(NORM, norm);
  return {
    graph: g.build(),
    state,
    loss: program.loss,
    logits: program.logits,
    gradientNorm: NORM,
    mayOverflow: trained.scale !== undefined,
    stepFeeds: (at, seed) => ({ ...keys(seed, at.step), ...scalars(at) }),
    shapeFeeds: starts,
  };
}

export const NORM = 'gradient_norm';

/** The program as its groups and gradients are taken from. */
export function forDevice(program: StepProgram, { stacked = false }: DeviceOptions): StepProgram {
  return stacked ? { ...program, graph: joinProducts(program.graph) } : program;
}

/** The parameters that are trained, as they lie in tensors. */
export function groupsOf(
  program: StepProgram,
  { weightDecay, noDecay = () => false }: Optimizer,
  { stacked = false }: DeviceOptions,
): readonly TrainedGroup[] {
  return trainedGroups(program, (parameter) => !noDecay(parameter) && !(stacked && weightDecay === 0), stacked);
}

/** Groups of parameters with their gradients. */
export interface Trained {
  readonly groups: readonly TrainedGroup[];
  /** The parameters of each group. */
  readonly wholes: readonly Value[];
  /** Of each group; of a table, those of the rows that the batch uses. */
  readonly gradients: readonly Value[];
  /**
   * What has been made of a group's gradients, in the shape of its parameters: of some rows of a table, added to another one or among
   * zeros.
   */
  whole(gradient: Value, group: number, table?: Value): Value;
  /** The scalar that gradients come multiplied by, where they do. */
  readonly scale: Value | undefined;
}

interface GradientNodes extends Trained, Pick<MaskNodes, 'keys' | 'starts'> {
  /** The program's, by name. */
  readonly outputs: ReadonlyMap<string, Value>;
}

/** The program with its masks as nodes, and its gradients by group. */
export function gradientNodes(
  g: Builder,
  program: StepProgram,
  groups: readonly TrainedGroup[],
  { stacked = false }: DeviceOptions,
): GradientNodes {
  const together = stacks(g);
  const { masks, keys, starts } = g.scope('dropout_masks', () => maskNodes(g, program.masks, stacked ? together : undefined));
  const wholes = groups.map(({ input, shape }) => g.input(input, 'float32', shape));
  const parameters = new Map(groups.flatMap(({ gradients, shapes }, i) => partsOf(wholes[i] as Value, gradients, shapes, together)));
  const inputs = new Map(
    program.graph.inputs.map((x) => [x.name, masks.get(x.name) ?? parameters.get(x.name) ?? g.input(x.name, x.dtype, x.shape)]),
  );
  const outputs = inline(g, program.graph, { input: (x) => inputs.get(x.name), node: together.hoist });
  const joined = groups.map(({ gradients, shape: [, elements] }): Value => {
    const each = gradients.map(({ output }) => outputs.get(output) as Value);
    return each.length === 1 ? (each[0] as Value) : g.scope('gradients', () => together.join(each, elements as number));
  });
  const whole = (gradient: Value, i: number, table?: Value): Value => {
    const { gradients, shape } = groups[i] as TrainedGroup;
    const { rows } = gradients[0] as GradientSpec;
    return rows === undefined ? gradient : addRows(g, table ?? g.expand(g.scalar(0), shape), inputs.get(rows) as Value, gradient);
  };
  const scale = program.lossScale === undefined ? undefined : inputs.get(program.lossScale);
  return { groups, wholes, gradients: joined, whole, scale, outputs, keys, starts };
}

interface UpdateNodes {
  readonly state: readonly StateSpec[];
  /** Of all gradients together, before clipping. */
  readonly norm: Value;
  /** What the rule's scalars are fed. */
  scalars(at: Omit<StepSettings, 'weightDecay'>): Feeds;
}

/** Clipping and the optimizer's update, the new state among the graph's outputs. */
export function updateNodes(
  g: Builder,
  { groups, wholes, gradients: given, whole, scale }: Trained,
  { rule, weightDecay }: Optimizer,
  clipNorm: number | null,
  { stacked = false }: DeviceOptions,
): UpdateNodes {
  const squares = given.map((gradient, i) => sumOfSquares(g, gradient, groups[i]!.shapes[0] as Shape));
  const scaledNorm = g.Sqrt(g.ReduceSum(g.Concat(...squares, { axis: 0 }), { keepdims: 0 }));
  const norm = scale === undefined ? scaledNorm : g.Div(scaledNorm, scale);
  const clip = clipNorm === null ? null : clipFactor(g, norm, clipNorm);
  const factor = scale === undefined ? clip : g.Div(clip ?? g.scalar(1), scale);

  const kinds = [true, false].filter((decay) => groups.some(({ decays }) => decays === decay));
  const named = (decay: boolean): readonly string[] => (stacked && !decay ? scalarsWithoutDecay(rule) : Object.keys(rule.scalars));
  const scalars = new Map(
    kinds.map((decay) => [decay, Object.fromEntries(named(decay).map((name) => [name, g.input(scalarName(name, decay), 'float32', [])]))]),
  );
  const state = groups.flatMap(({ gradients, input, shape, decays }, i): StateSpec[] => {
    const names = gradients.map(({ parameter }) => parameter);
    const specs = rule.slots.map((slot): StateSpec & { readonly slot: string } => ({
      parameters: names,
      slot,
      shape,
      input: `${slot}.${input}`,
      output: `next.${slot}.${input}`,
    }));
    const slots = Object.fromEntries(specs.map((spec) => [spec.slot, g.input(spec.input, 'float32', shape)]));
    const update = stacked ? leanUpdate : plainUpdate;
    const next = update(g, rule, {
      p: wholes[i] as Value,
      gradient: given[i] as Value,
      factor,
      whole: (x, table) => whole(x, i, table),
      slots,
      scalars: scalars.get(decays) ?? {},
    });
    const spec: StateSpec = { parameters: names, slot: null, shape, input, output: `next.${input}` };
    g.output(spec.output, next.p);
    for (const { slot, output } of specs) g.output(output, next.slots[slot] as Value);
    return [spec, ...specs];
  });
  return {
    state,
    norm,
    scalars: (at) =>
      Object.fromEntries(
        kinds.flatMap((decay) =>
          named(decay).map((name) => [
            scalarName(name, decay),
            scalar(rule.scalars[name]!({ ...at, weightDecay: decay ? weightDecay : 0 })),
          ]),
        ),
      ),
  };
}

function scalarName(name: string, decay: boolean): string {
  return `optimizer.${name}${decay ? '' : '.undecayed'}`;
}

function scalar(x: number): Feeds[string] {
  return { dtype: 'float32', shape: [], data: Float32Array.of(x) };
}

/**
 * Σ x² as [1]. Row by row first, in rows as long as those of `shape`: a device sums rows side by side, and float32 keeps more digits of
 * short sums.
 */
function sumOfSquares(g: Builder, x: Value, shape: Shape): Value {
  const squares = g.Mul(x, x);
  const [rows, length] = [x.shape, x.shape.length > shape.length ? shape.at(-1) : undefined];
  const short =
    length === undefined || length === rows.at(-1) ? squares : g.reshape(squares, [(product(rows) as number) / (length as number), length]);
  return g.reshape(g.ReduceSum(short.shape.length > 1 ? g.ReduceSum(short, { axes: [-1], keepdims: 0 }) : short), [1]);
}

/** `clipFactor` of optim/clip.ts. */
function clipFactor(g: Builder, norm: Value, maxNorm: number): Value {
  return g.Min(g.scalar(1), g.Div(g.scalar(maxNorm), g.Add(norm, g.scalar(CLIP_EPSILON))));
}

/** The table with the gradient [U, width] added in the rows that the batch uses; the others decay and their moments go on. */
function addRows(g: Builder, table: Value, rows: Value, gradient: Value): Value {
  const each = g.expand(g.reshape(rows, [...rows.shape, ...table.shape.slice(1).map(() => 1)]), gradient.shape);
  return g.ScatterElements(table, each, gradient, { axis: 0 });
}

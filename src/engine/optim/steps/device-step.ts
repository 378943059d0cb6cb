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
} from '../../graph/index.ts';
import type { Feeds, GradientSpec, StepProgram } from '../../program.ts';
import { CLIP_EPSILON } from '../clip.ts';
import { maskNodes, type MaskNodes } from './mask-nodes.ts';
import { groupOf, settingsOf, type Optimizer, type ParameterGroup, type StepRates, type UpdateRule } from '../rules.ts';
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
  stepFeeds(at: StepRates, seed: number): Feeds;
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
export function groupsOf(program: StepProgram, optimizer: Optimizer, { stacked = false }: DeviceOptions): readonly TrainedGroup[] {
  return trainedGroups(program, (parameter) => groupOf(optimizer, parameter), stacked);
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
  scalars(at: StepRates): Feeds;
}

/** Clipping and the optimizer's update, the new state among the graph's outputs. */
export function updateNodes(
  g: Builder,
  { groups, wholes, gradients: given, whole, scale }: Trained,
  { rule }: Optimizer,
  clipNorm: number | null,
  { stacked = false }: DeviceOptions,
): UpdateNodes {
  const squares = given.map((gradient, i) => sumOfSquares(g, gradient, groups[i]!.shapes[0] as Shape));
  const scaledNorm = g.Sqrt(g.ReduceSum(g.Concat(...squares, { axis: 0 }), { keepdims: 0 }));
  const norm = scale === undefined ? scaledNorm : g.Div(scaledNorm, scale);
  const clip = clipNorm === null ? null : clipFactor(g, norm, clipNorm);
  const factor = scale === undefined ? clip : g.Div(clip ?? g.scalar(1), scale);

  const scalars = groupScalars(g, rule, groups.map(({ settings }) => settings), stacked);
  const state = groups.flatMap(({ gradients, input, shape, settings }, i): StateSpec[] => {
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
      scalars: scalars.of(settings),
    });
    const spec: StateSpec = { parameters: names, slot: null, shape, input, output: `next.${input}` };
    g.output(spec.output, next.p);
    for (const { slot, output } of specs) g.output(output, next.slots[slot] as Value);
    return [spec, ...specs];
  });
  return { state, norm, scalars: scalars.feeds };
}

interface GroupScalars {
  /** A rule's scalars for a group's parameters. */
  of(settings: ParameterGroup): Readonly<Record<string, Value>>;
  /** What they are fed. */
  feeds(at: StepRates): Feeds;
}

/**
 * Inputs for the scalars of a rule. Groups share those that depend neither on the rate nor on weight decay, and, where stacked, a group
 * without weight decay has none that stands for it alone.
 */
function groupScalars(g: Builder, rule: UpdateRule, groups: readonly ParameterGroup[], stacked: boolean): GroupScalars {
  const decays = [...new Set(groups.map(({ weightDecay }) => weightDecay).filter((decay) => decay !== 0))];
  const inputName = (name: string, { lrScale, weightDecay }: ParameterGroup): string => {
    const { byRate, byDecay } = dependence(rule, name);
    const rate = !byRate || lrScale === 1 ? '' : `.${lrScale}`;
    const decay = !byDecay || weightDecay === decays[0] ? '' : weightDecay === 0 ? '.undecayed' : `.decay${decays.indexOf(weightDecay)}`;
    return `optimizer.${name}${rate}${decay}`;
  };
  const inputs = new Map<string, { readonly value: Value; readonly name: string; readonly settings: ParameterGroup }>();
  const scalarNames = ({ weightDecay }: ParameterGroup): readonly string[] =>
    stacked && weightDecay === 0 ? scalarsWithoutDecay(rule) : Object.keys(rule.scalars);
  for (const settings of groups) {
    for (const name of scalarNames(settings)) {
      const input = inputName(name, settings);
      if (!inputs.has(input)) inputs.set(input, { value: g.input(input, 'float32', []), name, settings });
    }
  }
  return {
    of: (settings) => Object.fromEntries(scalarNames(settings).map((name) => [name, inputs.get(inputName(name, settings))!.value])),
    feeds: (at) =>
      Object.fromEntries([...inputs].map(([input, { name, settings }]) => [input, scalar(rule.scalars[name]!(settingsOf(settings, at)))])),
  };
}

/** Whether a scalar of a rule changes with the rate and with weight decay. */
function dependence({ scalars }: UpdateRule, name: string): { readonly byRate: boolean; readonly byDecay: boolean } {
  const value = (lr: number, weightDecay: number): number => scalars[name]!({ step: 1, lr, weightDecay });
  return { byRate: value(1, 1) !== value(2, 1), byDecay: value(1, 0) !== value(1, 1) };
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

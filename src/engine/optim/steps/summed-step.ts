import { graphBuilder, type Graph, type Symbols, type Value } from '../../graph/index.ts';
import type { Feeds, StepProgram } from '../../program.ts';
import { forDevice, gradientNodes, groupsOf, NORM, updateNodes, type DeviceOptions, type StateSpec, type Trained } from './device-step.ts';
import type { Optimizer, StepRates } from '../rules.ts';
import type { TrainedGroup } from './trained-groups.ts';

/** The sum of the gradients of a batch's micro-batches, for the parameters of one state tensor. */
export interface SumSpec {
  /** The state tensor's own input. */
  readonly parameters: string;
  readonly shape: readonly number[];
  readonly input: string;
  /** The graph output that holds the sum with one micro-batch more. */
  readonly output: string;
}

/** `deviceStep` in two graphs: one for each micro-batch of a batch, and one for the update that follows them. */
export interface SummedStep {
  /** Adds the loss and the gradients of a micro-batch to the sums, each times the micro-batch's share. */
  readonly add: {
    readonly graph: Graph;
    readonly sums: readonly SumSpec[];
    /** A scalar, summed like the gradients: names of input and output. */
    readonly loss: Pick<SumSpec, 'input' | 'output'>;
    readonly logits: string;
    /** What a micro-batch is fed besides its own tensors. What the sums hold before the first one is never read. */
    partFeeds(part: PartSettings): Feeds;
    /** What all micro-batches of a shape are fed. */
    shapeFeeds(symbols: Symbols): Feeds;
  };
  /**
   * From the sums to the updated state. Its inputs are the sums, the trained parameters, the slots, the scale of the loss and `stepFeeds`.
   */
  readonly apply: {
    readonly graph: Graph;
    readonly state: readonly StateSpec[];
    readonly gradientNorm: string;
    /** As in a DeviceStep. */
    readonly mayOverflow: boolean;
    stepFeeds(at: StepRates): Feeds;
  };
}

export interface PartSettings {
  readonly seed: number;
  /** Of the batch, from 1. */
  readonly step: number;
  readonly share: number;
  readonly isFirst: boolean;
  /** How many elements of each mask the micro-batches before have had. */
  readonly before: readonly number[];
}

export function summedStep(given: StepProgram, optimizer: Optimizer, clipNorm: number | null, options: DeviceOptions = {}): SummedStep {
  const program = forDevice(given, options);
  const groups = groupsOf(program, optimizer, options);
  return { add: addGraph(program, groups, options), apply: applyGraph(program, groups, optimizer, clipNorm, options) };
}

const [SHARE, LATER, LOSS] = ['sum.share', 'sum.later', { input: 'sum.loss', output: 'next.sum.loss' }] as const;

function addGraph(program: StepProgram, groups: readonly TrainedGroup[], options: DeviceOptions): SummedStep['add'] {
  const g = graphBuilder(`${program.graph.name}_part`, program.graph.outputs.keys());
  const { gradients, whole, outputs, keys, starts } = gradientNodes(g, program, groups, options);
  const share = g.input(SHARE, 'float32', []);
  const isLater = g.scope('sums', () => g.Less(g.scalar(0), g.input(LATER, 'float32', [])));
  // Selected, not multiplied by 0: what a batch that was not finite has left behind is no number.
  const added = (sum: Value, x: Value): Value => g.Add(g.Where(isLater, sum, g.scalar(0)), g.Mul(share, x));
  const sums = groups.map(sumOf);
  g.scope('sums', () => {
    sums.forEach(({ input, output, shape }, i) =>
      g.output(output, added(g.input(input, 'float32', shape), whole(gradients[i] as Value, i))),
    );
    g.output(LOSS.output, added(g.input(LOSS.input, 'float32', []), outputs.get(program.loss) as Value));
  });
  g.output(program.logits, outputs.get(program.logits) as Value);
  return {
    graph: g.build(),
    sums,
    loss: LOSS,
    logits: program.logits,
    partFeeds: ({ seed, step, share: of, isFirst, before }) => ({
      ...keys(seed, step, before),
      [SHARE]: scalar(of),
      [LATER]: scalar(isFirst ? 0 : 1),
    }),
    shapeFeeds: starts,
  };
}

function applyGraph(
  { graph, lossScale }: StepProgram,
  groups: readonly TrainedGroup[],
  optimizer: Optimizer,
  clipNorm: number | null,
  options: DeviceOptions,
): SummedStep['apply'] {
  const g = graphBuilder(`${graph.name}_update`, [NORM]);
  const wholes = groups.map(({ input, shape }) => g.input(input, 'float32', shape));
  const gradients = groups.map(sumOf).map(({ input, shape }) => g.input(input, 'float32', shape));
  const scale = lossScale === undefined ? undefined : g.input(lossScale, 'float32', []);
  const trained: Trained = { groups, wholes, gradients, whole: (gradient) => gradient, scale };
  const { state, norm, scalars } = g.scope('optimizer', () => updateNodes(g, trained, optimizer, clipNorm, options));
  g.output(NORM, norm);
  return { graph: g.build(), state, gradientNorm: NORM, mayOverflow: scale !== undefined, stepFeeds: scalars };
}

function sumOf({ input, shape }: TrainedGroup): SumSpec {
  return { parameters: input, shape, input: `sum.${input}`, output: `next.sum.${input}` };
}

function scalar(x: number): Feeds[string] {
  return { dtype: 'float32', shape: [], data: Float32Array.of(x) };
}

import { OrtrainError } from '../../core/errors.ts';
import { partials } from '../autodiff/index.ts';
import { graphBuilder, inline, type Builder, type Graph, type Shape, type Value } from '../graph/index.ts';
import type { ForwardProgram, GradientSpec, Initializer, ParameterSpec, StepProgram } from '../program.ts';
import { lossInGraph } from './loss-arithmetic.ts';
import { namedLosses } from './losses.ts';

/** A scalar that says how far the graph's output is from the targets. `bce` and `cross-entropy` take logits. */
export type GraphLoss = keyof typeof namedLosses | ((g: Builder, output: Value, targets: Value) => Value);

export interface GraphTraining {
  /** Names of the graph inputs that are trained: float32 tensors whose shapes have no symbols. */
  readonly parameters: Iterable<string>;
  readonly loss: GraphLoss;
  /** The output that is compared with the targets; it may be left out where the graph has one only. */
  readonly output?: string;
  /** Shape of the float32 input `targets` that the step gets; the output's own where it is left out. */
  readonly targets?: Shape;
  /** How parameters start where nothing else brings them values; by default matrices as Glorot and Bengio do, and the rest at 0. */
  readonly init?: (name: string, shape: readonly number[]) => Initializer;
}

/** A graph made ready for `openTrainer`. */
export interface GraphPrograms {
  /** Takes the graph's own inputs and `targets`; its logits are the graph's output. */
  readonly step: StepProgram;
  readonly forward: ForwardProgram;
}

/**
 * The training step of any forward graph: the graph itself, a loss, and the gradients of the parameters. Throws OrtrainError
 * `usage` for names that the graph does not have, and `data` where the loss does not depend on a parameter.
 */
export function trainingStepOf(graph: Graph, training: GraphTraining): GraphPrograms {
  const output = outputOf(graph, training.output);
  const parameters = [...new Set(training.parameters)].map((name) => parameterOf(graph, name, training.init ?? glorot));
  const forward = graphBuilder(graph.name, [output]);
  forward.output(output, inline(forward, graph).get(output) as Value);
  return {
    step: { ...stepOf(graph, output, parameters, training), parameters, masks: [], loss: LOSS, logits: output },
    forward: { graph: forward.build(), parameters, output },
  };
}

const LOSS = 'loss';

function stepOf(
  graph: Graph,
  output: string,
  parameters: readonly ParameterSpec[],
  training: GraphTraining,
): Pick<StepProgram, 'graph' | 'gradients'> {
  const gradients = parameters.map(({ name }): GradientSpec => ({ parameter: name, output: `grad.${name}` }));
  const g = graphBuilder(`${graph.name}_step`, [LOSS, output, ...gradients.map((gradient) => gradient.output)]);
  const inputs = new Map<string, Value>();
  const result = inline(g, graph, {
    input(x) {
      const input = g.input(x.name, x.dtype, x.shape);
      inputs.set(x.name, input);
      return input;
    },
  }).get(output) as Value;
  const targets = g.input('targets', 'float32', training.targets ?? result.shape);
  const loss =
    typeof training.loss === 'function' ? training.loss(g, result, targets) : lossInGraph(g, namedLosses[training.loss], result, targets);
  const derivatives = partials(
    g,
    loss,
    parameters.map(({ name }) => inputs.get(name) as Value),
  );
  refuseUntouched(
    graph,
    parameters.filter((_, i) => derivatives[i] === null),
  );
  g.output(LOSS, loss);
  g.output(output, result);
  gradients.forEach((gradient, i) => g.output(gradient.output, derivatives[i] as Value));
  return { graph: g.build(), gradients };
}

function outputOf({ name, outputs }: Graph, asked: string | undefined): string {
  const names = [...outputs.keys()];
  const output = asked ?? (names.length === 1 ? names[0] : undefined);
  if (output !== undefined && names.includes(output)) return output;
  throw new OrtrainError(
    'usage',
    asked === undefined ? `the graph ${name} has several outputs` : `the graph ${name} has no output ${asked}`,
    {
      subject: name,
      remedy: `Name one of them as \`output\`: ${names.join(', ')}.`,
    },
  );
}

function parameterOf(
  { name, inputs }: Graph,
  parameter: string,
  init: (name: string, shape: readonly number[]) => Initializer,
): ParameterSpec {
  const input = inputs.find((x) => x.name === parameter);
  const shape = input?.shape.filter((dim) => typeof dim === 'number') ?? [];
  if (input?.dtype === 'float32' && shape.length === input.shape.length) return { name: parameter, shape, init: init(parameter, shape) };
  throw new OrtrainError('usage', `the graph ${name} has no float32 input ${parameter} of known shape to train`, {
    subject: parameter,
    remedy: 'Parameters are graph inputs; `fromOnnx` makes them of a file\'s tensors with its option `parameters`.',
  });
}

/** Uniform with the variance 2 / (rows + columns), which holds for a matrix and its transpose; vectors, scalars and the like are 0. */
function glorot(_name: string, shape: readonly number[]): Initializer {
  const [rows, columns] = shape.slice(-2);
  return rows === undefined || columns === undefined ? { kind: 'zeros' } : { kind: 'uniform', bound: Math.sqrt(6 / (rows + columns)) };
}

function refuseUntouched({ name }: Graph, parameters: readonly ParameterSpec[]): void {
  if (parameters.length === 0) return;
  throw new OrtrainError('data', `the loss of the graph ${name} does not depend on ${parameters.map((spec) => spec.name).join(', ')}`, {
    subject: name,
    remedy:
      'Leave these parameters out, or look for an operator without a derivative on the way to the loss, such as a ' +
      'comparison or a Cast to integers.',
  });
}

import { OrtrainError, type Problem } from '../../core/errors.ts';
import { showShape, type Shape, type Symbols, type Value } from '../graph/index.ts';
import type { Feeds, GradientSpec, HostTensor, StepProgram } from '../program.ts';

/** Checks a batch against the inputs that it is meant for; throws OrtrainError `run` that lists everything that does not fit. */
export function bindSymbols(inputs: readonly Value[], feeds: Feeds): Symbols {
  const symbols = new Map<string, number>();
  const problems = inputs.flatMap((input) => mismatch(input, feeds[input.name], symbols) ?? []);
  if (problems.length > 0) throw new OrtrainError('run', 'the batch does not fit the graph', { problems });
  return symbols;
}

/** What the step of a program takes of a batch. */
export function batchInputsOf({ graph, parameters, masks, lossScale }: StepProgram): readonly Value[] {
  const own = [...parameters.map(({ name }) => name), ...masks.map(({ input }) => input), ...(lossScale === undefined ? [] : [lossScale])];
  return inputsBesides(graph.inputs, own);
}

export function inputsBesides(inputs: readonly Value[], names: readonly string[]): readonly Value[] {
  return inputs.filter(({ name }) => !names.includes(name));
}

/** A row that is named twice would count twice in the norm: that is a defect of the batch. */
export function checkRows({ parameter, rows }: GradientSpec, feeds: Feeds): void {
  const list = rows === undefined ? [] : (feeds[rows]!.data as Int32Array);
  if (new Set(list).size < list.length) throw new OrtrainError('run', `a row of ${parameter} is fed twice`, { subject: parameter });
}

/** What is wrong with a feed, if anything. Binds the input's symbols on the way. */
function mismatch({ name, dtype, shape }: Value, feed: HostTensor | undefined, symbols: Map<string, number>): Problem | undefined {
  const problem = (message: string): Problem => ({ message, field: name });
  if (feed === undefined) return problem(`${name} is not fed`);
  const elements = feed.shape.reduce((product, length) => product * length, 1);
  if (feed.data.length !== elements) return problem(`${name} has ${feed.data.length} numbers for the shape ${showShape(feed.shape)}`);
  if (feed.dtype !== dtype) return problem(`${name} is ${feed.dtype}; the graph takes ${dtype}`);
  const fits =
    feed.shape.length === shape.length && shape.every((dim, axis) => lengthOf(dim, feed.shape[axis]!, symbols) === feed.shape[axis]);
  return fits ? undefined : problem(`${name} is ${showShape(feed.shape)}; the graph takes ${showShape(shape)}${bindings(shape, symbols)}`);
}

/** The length that the dimension has, which is `seen` for a symbol that has none yet. */
function lengthOf(dim: number | string, seen: number, symbols: Map<string, number>): number {
  if (typeof dim === 'number') return dim;
  const known = symbols.get(dim);
  if (known === undefined) symbols.set(dim, seen);
  return known ?? seen;
}

function bindings(shape: Shape, symbols: Symbols): string {
  const known = shape.flatMap((dim) => (typeof dim === 'string' && symbols.has(dim) ? `${dim} = ${symbols.get(dim)}` : []));
  return known.length === 0 ? '' : ` with ${known.join(', ')}`;
}

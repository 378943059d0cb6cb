import { OrtrainError, type Problem } from '../../core/errors.ts';
import { sameShape, showType } from './dims.ts';
import type { Graph, TensorType, Value } from './types.ts';

/**
 * A graph that runs many times in one go, each time over a batch of its own. An input is carried, fixed, or another tensor in each
 * iteration; symbolic lengths may differ between iterations.
 */
export interface Loop {
  readonly body: Graph;
  /** Inputs that take over what the iteration before has made: input name to output name. */
  readonly carried: ReadonlyMap<string, string>;
  /** Inputs that are the same in every iteration. */
  readonly fixed: ReadonlySet<string>;
  /** The bool output: the loop ends with the first iteration in which it is false. */
  readonly goesOn: string;
}

/** What goes into a loop and comes out of it besides what is carried and fixed. */
export interface LoopBatches {
  /** Inputs of known shape, as [iterations, ...shape]. */
  readonly stacked: readonly Value[];
  /** Inputs with symbolic lengths: all iterations' elements one after the other, as [total]. */
  readonly packed: readonly Value[];
  /** Outputs without axes, as [iterations]. */
  readonly scalars: ReadonlyMap<string, Value>;
  /** Other outputs, joined along their first axis. */
  readonly joined: ReadonlyMap<string, Value>;
}

/** The names of a loop's own tensors in its model; fixed inputs go by their own. */
export const loopNames = {
  /** int64 []: how many there are at most. */
  iterations: 'loop.iterations',
  /** uint32 [iterations, Σ (2 + axes)]: for each packed input where its elements begin and end, and their shape. */
  places: 'loop.places',
  first: (input: string): string => `loop.first.${input}`,
  last: (input: string): string => `loop.last.${input}`,
  all: (name: string): string => `loop.all.${name}`,
};

/** Throws OrtrainError `run` unless what is carried keeps its type and everything that leaves the loop can be put together. */
export function loopBatches({ body, carried, fixed, goesOn }: Loop): LoopBatches {
  const inputs = new Map(body.inputs.map((x) => [x.name, x]));
  const own = body.inputs.filter(({ name }) => !carried.has(name) && !fixed.has(name));
  const isKnown = (x: TensorType): boolean => x.shape.every((dim) => typeof dim === 'number');
  const kept = new Set([goesOn, ...carried.values()]);
  const left = [...body.outputs].filter(([name]) => !kept.has(name));
  const [scalars, joined] = [left.filter(([, { shape }]) => shape.length === 0), left.filter(([, { shape }]) => shape.length > 0)];

  const problems = [
    ...[...carried].filter(([input, output]) => !sameType(inputs.get(input), body.outputs.get(output))).map(([input, output]) => `${output} cannot take the place of ${input}`),
    ...[...fixed].filter((name) => !inputs.has(name)).map((name) => `there is no input ${name}`),
    ...(sameType(body.outputs.get(goesOn), { dtype: 'bool', shape: [] }) ? [] : [`${goesOn} is no output of type bool[]`]),
    ...left.filter(([, { dtype }]) => dtype !== 'float32').map(([name, value]) => `the output ${name} is ${showType(value)}, not float32`),
    ...joined.filter(([, { dtype, shape }]) => !isKnown({ dtype, shape: shape.slice(1) })).map(([name, value]) => `the output ${name}, ${showType(value)}, cannot be joined along its first axis`),
  ].map((message): Problem => ({ message }));
  if (problems.length > 0) throw new OrtrainError('run', `the graph ${body.name} is no body of a loop: ${problems.map(({ message }) => message).join('; ')}`, { problems });
  return { stacked: own.filter(isKnown), packed: own.filter((x) => !isKnown(x)), scalars: new Map(scalars), joined: new Map(joined) };
}

function sameType(a: TensorType | undefined, b: TensorType | undefined): boolean {
  return a !== undefined && b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

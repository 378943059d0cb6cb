import { OrtrainError, type Problem } from '../../../core/errors.ts';
import { sameShape, showType } from '../dims.ts';
import type { Graph, TensorType, Value } from '../types.ts';

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
  /** Runs first in each iteration. */
  readonly inner?: InnerLoop;
}

/**
 * A loop within each iteration of another, over the parts of that iteration's batch. Its inputs are what it carries, those of the outer
 * body, what is fixed, and another tensor in each iteration. Where it ends, the outer body reads what it has carried as its inputs.
 */
export interface InnerLoop {
  readonly body: Graph;
  /** Input name to output name. */
  readonly carried: ReadonlyMap<string, string>;
  /** The outer loop's carried inputs that stand for the first values of some; the others begin with zeros. */
  readonly starts: ReadonlyMap<string, string>;
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
  /** uint32 [iterations]: which of the inner loop's iterations, counted over all of them, is the first of each, and how many each has. */
  begins: 'loop.begins',
  counts: 'loop.counts',
};

/** Throws OrtrainError `run` unless what is carried keeps its type and everything that leaves the loop can be put together. */
export function loopBatches({ body, carried, fixed, goesOn, inner }: Loop): LoopBatches {
  const inputs = new Map(body.inputs.map((x) => [x.name, x]));
  const own = body.inputs.filter(({ name }) => !carried.has(name) && !fixed.has(name) && inner?.carried.has(name) !== true);
  const kept = new Set([goesOn, ...carried.values()]);
  const outputs = outputsBesides(body, kept);
  const known = new Set([...inputs.keys(), ...(inner?.body.inputs.map(({ name }) => name) ?? [])]);
  refuse(body, [
    ...notCarried(body, carried),
    ...[...fixed].filter((name) => !known.has(name)).map((name) => `there is no input ${name}`),
    ...(sameType(body.outputs.get(goesOn), { dtype: 'bool', shape: [] }) ? [] : [`${goesOn} is no output of type bool[]`]),
    ...outputs.problems,
  ]);
  return { ...apart(own), scalars: outputs.scalars, joined: outputs.joined };
}

/** The same of an inner loop, all of whose other outputs have to have axes. */
export function innerBatches(inner: InnerLoop, { body: outer, carried, fixed }: Loop): LoopBatches {
  const { body } = inner;
  const read = new Map(outer.inputs.map((x) => [x.name, x]));
  const own = body.inputs.filter(({ name }) => !inner.carried.has(name) && !read.has(name) && !carried.has(name) && !fixed.has(name));
  const outputs = outputsBesides(body, new Set(inner.carried.values()));
  refuse(body, [
    ...notCarried(body, inner.carried),
    ...body.inputs
      .filter((x) => inner.carried.has(x.name) && !sameType(x, read.get(x.name)))
      .map(({ name }) => `${name} is not what the outer body reads`),
    ...[...inner.starts]
      .filter(
        ([input, start]) =>
          !sameType(
            body.inputs.find(({ name }) => name === input),
            read.get(start),
          ),
      )
      .map(([input, start]) => `${input} cannot begin as ${start}`),
    ...[...outputs.scalars.keys()].map((name) => `the output ${name} has no axes to be joined along`),
    ...outputs.problems,
  ]);
  return { ...apart(own), scalars: new Map(), joined: outputs.joined };
}

const isKnown = (x: TensorType): boolean => x.shape.every((dim) => typeof dim === 'number');

function apart(own: readonly Value[]): Pick<LoopBatches, 'stacked' | 'packed'> {
  return { stacked: own.filter(isKnown), packed: own.filter((x) => !isKnown(x)) };
}

function outputsBesides(
  body: Graph,
  kept: ReadonlySet<string>,
): Pick<LoopBatches, 'scalars' | 'joined'> & { readonly problems: readonly string[] } {
  const left = [...body.outputs].filter(([name]) => !kept.has(name));
  const [scalars, joined] = [left.filter(([, { shape }]) => shape.length === 0), left.filter(([, { shape }]) => shape.length > 0)];
  const problems = [
    ...left.filter(([, { dtype }]) => dtype !== 'float32').map(([name, value]) => `the output ${name} is ${showType(value)}, not float32`),
    ...joined
      .filter(([, { dtype, shape }]) => !isKnown({ dtype, shape: shape.slice(1) }))
      .map(([name, value]) => `the output ${name}, ${showType(value)}, cannot be joined along its first axis`),
  ];
  return { scalars: new Map(scalars), joined: new Map(joined), problems };
}

function notCarried(body: Graph, carried: ReadonlyMap<string, string>): readonly string[] {
  const inputs = new Map(body.inputs.map((x) => [x.name, x]));
  return [...carried]
    .filter(([input, output]) => !sameType(inputs.get(input), body.outputs.get(output)))
    .map(([input, output]) => `${output} cannot take the place of ${input}`);
}

function refuse({ name }: Graph, messages: readonly string[]): void {
  if (messages.length === 0) return;
  throw new OrtrainError('run', `the graph ${name} is no body of a loop: ${messages.join('; ')}`, {
    problems: messages.map((message): Problem => ({ message })),
  });
}

function sameType(a: TensorType | undefined, b: TensorType | undefined): boolean {
  return a !== undefined && b !== undefined && a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

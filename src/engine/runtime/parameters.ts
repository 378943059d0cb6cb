import { OrtrainError, type Problem } from '../../core/errors.ts';
import type { GradientSpec, ParameterSpec, StepProgram } from '../program.ts';
import type { Regions } from './cpu/memory.ts';
import type { Tensors } from './trainer.ts';

/** How many numbers each parameter holds. */
export function lengthsOf(specs: readonly ParameterSpec[]): ReadonlyMap<string, number> {
  return new Map(specs.map(({ name, shape }) => [name, elementCount(shape)]));
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The parameter that a gradient belongs to; throws OrtrainError `run` unless there is one and the gradient has its shape. */
export function trainedSpec({ graph, parameters }: StepProgram, { parameter, output, rows }: GradientSpec): ParameterSpec {
  const spec = parameters.find(({ name }) => name === parameter);
  const shape = graph.outputs.get(output)?.shape;
  const fits =
    shape?.length === spec?.shape.length && shape?.every((dim, axis) => dim === spec?.shape[axis] || (axis === 0 && rows !== undefined));
  if (spec === undefined || fits !== true)
    throw new OrtrainError('run', `the output ${output} of the graph ${graph.name} is not a gradient of ${parameter}`, {
      subject: parameter,
    });
  return spec;
}

/** Every parameter of the lists once, by name. Throws OrtrainError `run` where two of a name differ in shape. */
export function union(...lists: readonly (readonly ParameterSpec[])[]): readonly ParameterSpec[] {
  const byName = new Map<string, ParameterSpec>();
  for (const spec of lists.flat()) {
    const known = byName.get(spec.name) ?? spec;
    if (known.shape.join() !== spec.shape.join()) {
      throw new OrtrainError(
        'run',
        `${spec.name} is [${known.shape.join(', ')}] in one program and [${spec.shape.join(', ')}] in the other`,
      );
    }
    byName.set(spec.name, known);
  }
  return [...byName.values()];
}

export function copyOut(regions: Regions): Tensors {
  return Object.fromEntries([...regions].map(([name, { data }]) => [name, data.slice()]));
}

/** The regions' own numbers, which change under the reader. */
export function viewOf(regions: Regions): Tensors {
  return Object.fromEntries([...regions].map(([name, { data }]) => [name, data]));
}

/**
 * Writes tensors into regions of the same names and lengths; where anything does not match, throws OrtrainError `data` and writes nothing.
 */
export function copyIn(regions: Regions, tensors: Tensors, what: string): void {
  requireLengths(new Map([...regions].map(([name, { data }]) => [name, data.length])), tensors, what);
  for (const [name, { data }] of regions) data.set(tensors[name]!);
}

/** Throws OrtrainError `data` unless there are tensors of exactly these names and lengths. */
export function requireLengths(lengths: ReadonlyMap<string, number>, tensors: Tensors, what: string): void {
  const problems = [
    ...Object.keys(tensors).flatMap((name): Problem[] =>
      lengths.has(name) ? [] : [{ message: `${name} is not in the model`, field: name }],
    ),
    ...[...lengths].flatMap(([name, length]): Problem[] => {
      const found = tensors[name]?.length;
      if (found === length) return [];
      return [
        { message: found === undefined ? `${name} is missing` : `${name} has ${found} numbers; the model takes ${length}`, field: name },
      ];
    }),
  ];
  if (problems.length > 0) throw new OrtrainError('data', `the ${what} does not belong to this model`, { problems });
}

import { OrtrainError, type Problem } from '../../core/errors.ts';
import type { ParameterSpec } from '../program.ts';
import type { Regions } from './memory.ts';
import type { Tensors } from './trainer.ts';

/** How many numbers each parameter holds. */
export function lengthsOf(specs: readonly ParameterSpec[]): ReadonlyMap<string, number> {
  return new Map(specs.map(({ name, shape }) => [name, shape.reduce((product, length) => product * length, 1)]));
}

/** Every parameter of the lists once, by name. Throws OrtrainError `run` where two of a name differ in shape. */
export function union(...lists: readonly (readonly ParameterSpec[])[]): readonly ParameterSpec[] {
  const byName = new Map<string, ParameterSpec>();
  for (const spec of lists.flat()) {
    const known = byName.get(spec.name) ?? spec;
    if (known.shape.join() !== spec.shape.join()) {
      throw new OrtrainError('run', `${spec.name} is [${known.shape.join(', ')}] in one program and [${spec.shape.join(', ')}] in the other`);
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

/** Writes tensors into regions of the same names and lengths; where anything does not match, throws OrtrainError `data` and writes nothing. */
export function copyIn(regions: Regions, tensors: Tensors, what: string): void {
  const problems = [
    ...Object.keys(tensors).flatMap((name): Problem[] => (regions.has(name) ? [] : [{ message: `${name} is not in the model`, field: name }])),
    ...[...regions].flatMap(([name, { data }]): Problem[] => {
      const length = tensors[name]?.length;
      if (length === data.length) return [];
      return [{ message: length === undefined ? `${name} is missing` : `${name} has ${length} numbers; the model takes ${data.length}`, field: name }];
    }),
  ];
  if (problems.length > 0) throw new OrtrainError('data', `the ${what} does not belong to this model`, { problems });
  for (const [name, { data }] of regions) data.set(tensors[name]!);
}

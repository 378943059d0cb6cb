import { OrtrainError, type Problem } from '../core/errors.ts';
import type { Experiment } from './experiment.ts';
import { dotted, type Path } from './schema/schema.ts';
import { emptyMap, problemAt, type Entry, type MapTree, type Tree } from './yaml/tree.ts';

/** Any part of a value: what is left out is filled in. Lists are whole. */
export type PartOf<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: PartOf<T[K]> | undefined }
    : T;

/**
 * An experiment as a program writes it: the same keys as in a YAML file, of which every one that has a default may be left out. `name`,
 * `data.train`, `data.text`, `data.target` and `model.base` have none; a file that it extends may have them. Paths are relative to the
 * working directory.
 */
export interface ExperimentConfig extends PartOf<Experiment> {
  /** YAML files to build on; later ones override earlier ones, and the object overrides all. */
  readonly extends?: string | readonly string[] | undefined;
}

/** What a program has given in place of a file, as a tree without places. Throws a `config` error for what no YAML file could hold. */
export function givenTree(value: unknown, what: string): MapTree {
  const problems: Problem[] = [];
  const tree = treeOf(value, [], [], (path, message) => problems.push(problemAt(undefined, path, message)));
  if (problems.length === 0 && tree.kind !== 'map') problems.push({ message: `${what} is an object, but this is ${kindOf(value)}` });
  if (problems.length === 0) return tree as MapTree;
  throw new OrtrainError('config', `${what} cannot be used`, {
    subject: what,
    problems,
    remedy: 'Give texts, numbers, booleans, null, lists and plain objects.',
  });
}

function treeOf(value: unknown, path: Path, above: readonly unknown[], refuse: (path: Path, message: string) => void): Tree {
  const scalar = (of: string | number | boolean | null): Tree => ({ kind: 'scalar', place: undefined, value: of, source: String(of) });
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return scalar(value);
  if (typeof value === 'number' && Number.isFinite(value)) return scalar(value);
  if (above.includes(value)) {
    refuse(path, `${dotted(path)} contains itself`);
    return scalar(null);
  }
  const inside = [...above, value];
  if (Array.isArray(value))
    return { kind: 'list', place: undefined, items: Array.from(value, (item, i) => treeOf(item, [...path, i], inside, refuse)) };
  if (isPlain(value)) {
    const given = Object.entries(value).filter(([, member]) => member !== undefined);
    const entries = given.map(([key, member]): [string, Entry] => [
      key,
      { key: undefined, value: treeOf(member, [...path, key], inside, refuse) },
    ]);
    return { ...emptyMap, entries: new Map(entries) };
  }
  refuse(path, `${path.length === 0 ? 'the value' : dotted(path)} is ${kindOf(value)}`);
  return scalar(null);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const above: unknown = Object.getPrototypeOf(value);
  return above === null || Object.getPrototypeOf(above) === null; // an object of another realm has another Object.prototype
}

function kindOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return `an object of the class ${value.constructor?.name ?? 'unknown'}`;
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}

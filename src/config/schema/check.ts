import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Problem } from '../../core/errors.ts';
import { expected, found, likelyValue } from './expectation.ts';
import { dotted, keysOf, kindsWith, propertyOf, schemaAt, type Path, type SchemaNode } from './schema.ts';
import { likelyPaths } from './suggest.ts';
import { emptyMap, keyPlace, plain, problemAt, subtree, valuePlace, withEntry, type MapTree } from '../yaml/tree.ts';
import { validator } from './validators.ts';

export interface Checked {
  /** The tree without its unknown keys: each is moved to where it was probably meant to be, if nothing stands there, or left out. */
  readonly tree: MapTree;
  readonly problems: readonly Problem[];
}

/**
 * Everything about a tree that its schema refuses, in one go: a mistyped key does not hide what is wrong below it, and a
 * misplaced one does not make its right place look empty.
 */
export function check(tree: MapTree, schema: SchemaNode): Checked {
  const validate = validator(schema);
  const problems: Problem[] = [];
  for (let current = tree; ; ) {
    validate(plain(current));
    const errors = validate.errors ?? [];
    const unknown = unknownKeys(errors, current);
    if (unknown.length === 0) return { tree: current, problems: [...problems, ...valueProblems(errors, current, schema)] };
    let repaired = current;
    for (const { above, key } of unknown) {
      const others = kindsWith(schemaAt(schema, above) ?? schema, key);
      const meant = others.length > 0 ? [] : likelyPaths(schema, current, above, key);
      problems.push(others.length > 0 ? otherKind(current, above, key, others) : unknownKey(current, schema, above, key, meant));
      repaired = moved(repaired, schema, [...above, key], meant[0]);
    }
    current = repaired;
  }
}

interface UnknownKey {
  readonly above: Path;
  readonly key: string;
}

function unknownKeys(errors: readonly ErrorObject[], tree: MapTree): readonly UnknownKey[] {
  const unknown = new Map<string, UnknownKey>();
  for (const { keyword, instancePath, params } of errors) {
    const key: unknown =
      keyword === 'additionalProperties' ? params['additionalProperty'] : keyword === 'propertyNames' ? params['propertyName'] : undefined;
    if (typeof key === 'string') unknown.set(JSON.stringify([instancePath, key]), { above: pathOf(instancePath, tree), key });
  }
  return [...unknown.values()];
}

function unknownKey(tree: MapTree, schema: SchemaNode, above: Path, key: string, meant: readonly Path[]): Problem {
  const place = keyPlace(tree, [...above, key]);
  const path = [...above, key];
  if (key === '<<') return problemAt(place, path, 'merge keys (<<) are not part of YAML 1.2; use extends to build on another file');
  const decimal = decimalComma(tree, above, key);
  if (decimal !== undefined) return problemAt(place, path, 'the comma before this ends a value; write decimals with a point', decimal);
  const [first] = meant;
  const where = above.length === 0 ? 'at the top level' : `in ${dotted(above)}`;
  if (first === undefined) {
    const parent = schemaAt(schema, above);
    const known = parent === undefined ? [] : keysOf(parent, undefined);
    return problemAt(place, path, `there is no key ${key} ${where}; its keys are ${known.join(', ')}`);
  }
  if (dotted(first.slice(0, -1)) === dotted(above)) return problemAt(place, path, `there is no key ${key} ${where}`, String(first.at(-1)));
  const homes = meant.map((candidate) => (candidate.length === 1 ? 'at the top level' : `under ${dotted(candidate.slice(0, -1))}`));
  return problemAt(place, path, `there is no key ${key} ${where}; it belongs ${[...new Set(homes)].join(' or ')}`, dotted(first));
}

/** The number that was meant where `1,5` stands in braces, which reads as the value 1 and a key 5. */
function decimalComma(tree: MapTree, above: Path, key: string): string | undefined {
  const parent = subtree(tree, above);
  if (parent?.kind !== 'map' || !/^\d+$/.test(key)) return undefined;
  const entries = [...parent.entries];
  const before = entries[entries.findIndex(([other]) => other === key) - 1]?.[1].value;
  const value = parent.entries.get(key)?.value;
  return before?.kind === 'scalar' && typeof before.value === 'number' && value?.kind === 'scalar' && value.value === null
    ? `${before.source}.${key}`
    : undefined;
}

/** A key that is right for another schedule or optimizer. */
function otherKind(tree: MapTree, above: Path, key: string, others: readonly string[]): Problem {
  const name = subtree(tree, [...above, 'name']);
  const kind = name === undefined ? '' : ` ${String(plain(name))}`;
  const path = [...above, key];
  return problemAt(
    keyPlace(tree, path),
    path,
    `${dotted(above)}${kind} has no ${key}; only ${others.join(' and ')} ${others.length === 1 ? 'has' : 'have'}`,
  );
}

/** The tree with an entry moved, or left out where its new place is taken, cannot be made, or belongs to another kind. */
function moved(tree: MapTree, schema: SchemaNode, from: Path, to: Path | undefined): MapTree {
  const above = subtree(tree, from.slice(0, -1));
  const entry = above?.kind === 'map' ? above.entries.get(String(from.at(-1))) : undefined;
  const without = withEntry(tree, from, undefined);
  if (to === undefined || entry === undefined || subtree(without, to) !== undefined) return without;
  const onTheWay = to.slice(0, -1).map((_, length) => subtree(without, to.slice(0, length + 1)));
  if (onTheWay.some((node) => node !== undefined && node.kind === 'scalar')) return without;
  const parent = schemaAt(schema, to.slice(0, -1));
  const siblings = subtree(without, to.slice(0, -1)) ?? emptyMap;
  const name = siblings.kind === 'map' ? siblings.entries.get('name')?.value : undefined;
  const fits =
    parent !== undefined &&
    (name === undefined ? propertyOf(parent, String(to.at(-1))) !== undefined : keysOf(parent, plain(name)).includes(String(to.at(-1))));
  return fits ? withEntry(without, to, entry) : without;
}

/** One problem a value, however many keywords of the schema it breaks. */
function valueProblems(errors: readonly ErrorObject[], tree: MapTree, schema: SchemaNode): readonly Problem[] {
  const pointers = errors.filter((error) => error.keyword !== 'if' && error.propertyName === undefined).map((error) => error.instancePath);
  return [...new Set(pointers)].flatMap((pointer) => {
    const path = pathOf(pointer, tree);
    const [wanted, value] = [schemaAt(schema, path), subtree(tree, path)];
    if (wanted === undefined || value === undefined) return [];
    return [
      problemAt(
        valuePlace(tree, path),
        path,
        `${dotted(path) || 'the document'} must be ${expected(wanted)}, but is ${found(value)}`,
        likelyValue(wanted, value),
      ),
    ];
  });
}

/** A JSON pointer as a path; numbers for items of lists. */
function pathOf(pointer: string, tree: MapTree): Path {
  const keys = pointer.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<Path>((path, key) => [...path, subtree(tree, path)?.kind === 'list' ? Number(key) : key], []);
}

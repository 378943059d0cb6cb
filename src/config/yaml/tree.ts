import type { Problem } from '../../core/errors.ts';
import { dotted, type Json, type Path } from '../schema/schema.ts';

/** Where something stands. Lines and columns count from 1, columns and widths in characters; an override has no line. */
export interface Place {
  /** As a person would write it; `--set` for an override. */
  readonly file: string;
  readonly line?: number;
  readonly column: number;
  readonly width: number;
  /** The line, or the override, as it was written; left out where it is longer than anybody wants to see. */
  readonly snippet?: string;
}

/** From an offset in the text to a place; `end` beyond the line's end is cut there. */
export type Locate = (start: number, end: number) => Place;

/** A value that knows where each of its parts was written; a part without a place comes from the defaults. */
export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: 'map';
  readonly place: Place | undefined;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: Place | undefined;
  readonly value: Tree;
}

export interface ListTree {
  readonly kind: 'list';
  readonly place: Place | undefined;
  readonly items: readonly Tree[];
}

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly place: Place | undefined;
  readonly value: string | number | boolean | null;
  /** As it was written, without quotes. */
  readonly source: string;
}

export const emptyMap: MapTree = { kind: 'map', place: undefined, entries: new Map() };

/** The plain value of a tree. */
export function plain(tree: Tree): Json {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

/** A tree of a default value. */
export function defaultTree(value: Json): Tree {
  if (Array.isArray(value)) return { kind: 'list', place: undefined, items: value.map(defaultTree) };
  if (typeof value === 'object' && value !== null) {
    return {
      ...emptyMap,
      entries: new Map(Object.entries(value).map(([key, member]) => [key, { key: undefined, value: defaultTree(member) }])),
    };
  }
  const scalar = value as ScalarTree['value'];
  return { kind: 'scalar', place: undefined, value: scalar, source: String(scalar) };
}

export function subtree(tree: Tree | undefined, path: Path): Tree | undefined {
  return path.reduce<Tree | undefined>((node, key) => {
    if (node?.kind === 'map') return node.entries.get(String(key))?.value;
    return node?.kind === 'list' && typeof key === 'number' ? node.items[key] : undefined;
  }, tree);
}

/** A copy with the entry at a path put in, or removed where it is undefined. Maps on the way are made where there are none. */
export function withEntry(tree: MapTree, path: readonly (string | number)[], entry: Entry | undefined): MapTree {
  const [key, ...rest] = path as readonly [string, ...(string | number)[]];
  const entries = new Map(tree.entries);
  if (rest.length > 0) {
    const below = tree.entries.get(key);
    entries.set(key, { key: below?.key, value: inside(below?.value ?? emptyMap, rest, entry) });
  } else if (entry === undefined) entries.delete(key);
  else entries.set(key, entry);
  return { ...tree, entries };
}

function inside(tree: Tree, path: readonly (string | number)[], entry: Entry | undefined): Tree {
  if (tree.kind === 'map') return withEntry(tree, path, entry);
  if (tree.kind === 'scalar') return tree;
  return { ...tree, items: tree.items.map((item, index) => (index === path[0] ? inside(item, path.slice(1), entry) : item)) };
}

/** Where a key stands. */
export function keyPlace(tree: Tree, path: Path): Place | undefined {
  const above = subtree(tree, path.slice(0, -1));
  return above?.kind === 'map' ? above.entries.get(String(path.at(-1)))?.key : undefined;
}

/** Where a value stands: on it where it fits on a line and is not empty, otherwise on its key; failing both, on what holds it. */
export function valuePlace(tree: Tree, path: Path): Place | undefined {
  const place = subtree(tree, path)?.place ?? keyPlace(tree, path);
  return place !== undefined || path.length === 0 ? place : valuePlace(tree, path.slice(0, -1));
}

/** A problem at a place. */
export function problemAt(place: Place | undefined, path: Path, message: string, suggestion?: string): Problem {
  return { message, ...place, ...(path.length === 0 ? {} : { field: dotted(path) }), ...(suggestion === undefined ? {} : { suggestion }) };
}

import { isPathOr, keysOf, propertyOf, typesOf, type Path, type SchemaNode } from './schema.ts';
import { defaultTree, emptyMap, plain, type Entry, type MapTree, type Tree } from '../yaml/tree.ts';

export interface Completed {
  /** With every default written in, keys in the schema's order. */
  readonly tree: MapTree;
  /** What has no default and was not given. */
  readonly missing: readonly Path[];
}

/** Fills a checked tree. */
export function complete(tree: MapTree, schema: SchemaNode): Completed {
  const missing: Path[] = [];

  const fillMap = (map: MapTree, node: SchemaNode, path: Path): MapTree => {
    const nameSchema = node.allOf === undefined ? undefined : propertyOf(node, 'name');
    const name = map.entries.get('name')?.value;
    const kind = name === undefined ? nameSchema?.default : plain(name);
    const entries = new Map<string, Entry>();
    for (const key of keysOf(node, kind)) {
      const child = propertyOf(node, key);
      const entry = map.entries.get(key);
      if (child === undefined) continue;
      if (entry !== undefined) entries.set(key, { ...entry, value: fill(entry.value, child, [...path, key]) });
      else if (isPathOr(node) && key !== 'path') continue;
      else if (child.default !== undefined) entries.set(key, { key: undefined, value: defaultTree(child.default) });
      else if (typesOf(child).includes('object') && !isPathOr(child))
        entries.set(key, { key: undefined, value: fillMap(emptyMap, child, [...path, key]) });
      else missing.push([...path, key]);
    }
    // What does not belong here stays, to be refused by the check of the whole.
    for (const [key, entry] of map.entries) if (!entries.has(key)) entries.set(key, entry);
    return { ...map, entries };
  };

  const fill = (value: Tree, node: SchemaNode, path: Path): Tree => {
    if (value.kind === 'map') return fillMap(value, node, path);
    const items = node.items;
    if (value.kind !== 'list' || items === undefined) return value;
    return { ...value, items: value.items.map((item, index) => fill(item, items, [...path, index])) };
  };

  return { tree: fillMap(tree, schema, []), missing };
}

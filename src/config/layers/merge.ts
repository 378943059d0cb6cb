import { isPathOr, keysOf, kindsWith, propertyOf, type SchemaNode } from '../schema/schema.ts';
import { plain, type Entry, type MapTree, type Tree } from '../yaml/tree.ts';

/**
 * One layer over another: objects merge key by key, everything else is replaced, lists too. Where the upper layer changes
 * the `name` of an object that comes in kinds (schedule, optimizer), the keys that the new kind does not have are dropped and
 * the keys that both have stay: `optimizer: { name: sgd }` keeps the rate and loses the betas. Where a text stands for an object with
 * a path, the object over it keeps that path.
 */
export function merge(base: MapTree, over: MapTree, schema: SchemaNode | undefined): MapTree {
  const entries = new Map<string, Entry>(schema === undefined ? base.entries : keptEntries(base, over, schema));
  for (const [key, entry] of over.entries) {
    const child = schema === undefined ? undefined : propertyOf(schema, key);
    const below = asObject(entries.get(key)?.value, child);
    const value: Tree = below?.kind === 'map' && entry.value.kind === 'map' ? merge(below, entry.value, child) : entry.value;
    entries.set(key, { key: entry.key, value });
  }
  return { ...over, place: over.place ?? base.place, entries };
}

function asObject(value: Tree | undefined, schema: SchemaNode | undefined): Tree | undefined {
  if (value?.kind !== 'scalar' || typeof value.value !== 'string' || !isPathOr(schema)) return value;
  return { kind: 'map', place: value.place, entries: new Map([['path', { key: undefined, value }]]) };
}

function keptEntries(base: MapTree, over: MapTree, schema: SchemaNode): ReadonlyMap<string, Entry> {
  const name = over.entries.get('name')?.value;
  if (schema.allOf === undefined || name === undefined) return base.entries;
  const known = keysOf(schema, plain(name));
  return new Map([...base.entries].filter(([key]) => known.includes(key) || kindsWith(schema, key).length === 0));
}

import { keysOf, kindsWith, propertyOf, type SchemaNode } from './schema.ts';
import { plain, type Entry, type MapTree, type Tree } from './tree.ts';

/**
 * One layer over another: objects merge key by key, everything else is replaced, lists too. Where the upper layer changes
 * the `name` of an object that comes in kinds (schedule, optimizer), the keys that the new kind does not have are dropped and
 * the keys that both have stay: `optimizer: { name: sgd }` keeps the rate and loses the betas.
 */
export function merge(base: MapTree, over: MapTree, schema: SchemaNode | undefined): MapTree {
  const entries = new Map<string, Entry>(schema === undefined ? base.entries : keptEntries(base, over, schema));
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    const value: Tree =
      below?.value.kind === 'map' && entry.value.kind === 'map'
        ? merge(below.value, entry.value, schema === undefined ? undefined : propertyOf(schema, key))
        : entry.value;
    entries.set(key, { key: entry.key, value });
  }
  return { ...over, place: over.place ?? base.place, entries };
}

function keptEntries(base: MapTree, over: MapTree, schema: SchemaNode): ReadonlyMap<string, Entry> {
  const name = over.entries.get('name')?.value;
  if (schema.allOf === undefined || name === undefined) return base.entries;
  const known = keysOf(schema, plain(name));
  return new Map([...base.entries].filter(([key]) => known.includes(key) || kindsWith(schema, key).length === 0));
}

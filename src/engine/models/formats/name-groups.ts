/**
 * Names of tensors in groups: parts that take several values where all else is equal stand in braces, as in
 * `encoder.layer.{0…11}.attention.self.query.{weight,bias}`. Groups are in the order of their first names.
 */
export function nameGroups(names: readonly string[]): readonly string[] {
  let groups: readonly (readonly string[])[] = names.map((name) => name.split('.'));
  const longest = Math.max(0, ...groups.map(({ length }) => length));
  groups = merged(groups, (parts) => (parts.length > 1 ? parts.length - 1 : -1), (values) => few(values));
  for (let at = 0; at < longest; at += 1) groups = merged(groups, (parts) => (isNumber(parts[at]) ? at : -1), ranges);
  return groups.map((parts) => parts.join('.'));
}

/** The first groups as one text, with the number of names that are in none of them. */
export function someGroups(names: readonly string[]): string {
  const groups = nameGroups(names).map((group) => (group.length <= LONGEST ? group : `${group.slice(0, LONGEST)}…`));
  return groups.length <= SHOWN ? groups.join(', ') : `${groups.slice(0, SHOWN).join(', ')} and ${groups.length - SHOWN} more like these`;
}

/** Longer than any group of a model's. */
const LONGEST = 120;

/** As many as a model has kinds of tensors: those of the embeddings, of a layer and of a head. */
const SHOWN = 16;

/** Groups that differ in one part alone become one, with the values of that part together; a place of -1 leaves a group alone. */
function merged(
  groups: readonly (readonly string[])[],
  placeIn: (parts: readonly string[]) => number,
  together: (values: readonly string[]) => string,
): readonly (readonly string[])[] {
  const found = new Map<string, { readonly parts: readonly string[]; readonly place: number; readonly values: string[] }>();
  for (const parts of groups) {
    const place = placeIn(parts);
    const key = place < 0 ? parts.join('.') : JSON.stringify([place, ...parts.map((part, at) => (at === place ? '' : part))]);
    const group = found.get(key) ?? { parts, place, values: [] };
    if (place >= 0) group.values.push(parts[place] ?? '');
    found.set(key, group);
  }
  return [...found.values()].map(({ parts, place, values }) =>
    values.length < 2 ? parts : parts.map((part, at) => (at === place ? `{${together(values)}}` : part)),
  );
}

function isNumber(part: string | undefined): boolean {
  return part !== undefined && /^\d{1,9}$/.test(part);
}

/** Numbers in order, three and more in a row by the first and the last: `0…11`, `0,1,5…7`. */
function ranges(values: readonly string[]): string {
  const numbers = values.map(Number).sort((a, b) => a - b);
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run?.[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return few(runs.map(([first, last]) => (last - first > 1 ? `${first}…${last}` : first === last ? `${first}` : `${first},${last}`)));
}

function few(values: readonly string[]): string {
  return values.length <= MOST_VALUES ? values.join(',') : `${values.slice(0, MOST_VALUES).join(',')},…`;
}

/** Of a part, in braces. */
const MOST_VALUES = 6;

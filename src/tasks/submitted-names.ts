import { valueAt } from '../core/values.ts';
import type { SampleColumn } from '../data/submission/index.ts';

/** How a cell of a submission lists names: how many, and what separates them. */
export interface NameList {
  readonly top: number;
  readonly separator: string;
}

/**
 * Which of the names each column is for: columns that are called as one, or end in one after a beginning that all share. Undefined where
 * a column is for none.
 */
export function namesOfColumns(columns: readonly SampleColumn[], names: readonly string[]): ReadonlyMap<string, number> | undefined {
  const numberOf = new Map(names.map((name, number) => [name, number]));
  const [first] = columns;
  if (first === undefined) return undefined;
  const ends = names.filter((name) => first.name.endsWith(name));
  for (const beginning of ['', ...ends.map((name) => first.name.slice(0, first.name.length - name.length))]) {
    const found = columns.map(({ name }) => (name.startsWith(beginning) ? numberOf.get(name.slice(beginning.length)) : undefined));
    if (found.every((number) => number !== undefined)) return new Map(columns.map(({ name }, i) => [name, valueAt(found, i)]));
  }
  return undefined;
}

/**
 * The list that a sample's cells hold, where all hold known names with one separator and some more than one; what is wrong with it, as a
 * sentence, where they hold different numbers of names; undefined where they hold no list.
 *
 * @param separator undefined where it is to be found
 */
export function listInCells({ name, values }: SampleColumn, names: readonly string[], separator?: string): NameList | string | undefined {
  const known = new Set(names);
  for (const sign of separator === undefined ? SEPARATORS : [separator]) {
    const lengths = new Set<number>();
    const isList = values.every((value) => {
      const parts = value.split(sign);
      lengths.add(parts.length);
      return parts.every((part) => known.has(part));
    });
    const longest = Math.max(...lengths);
    if (!isList || longest < 2) continue;
    if (lengths.size === 1) return { top: longest, separator: sign };
    return (
      `the cells of the column ${JSON.stringify(name)} list from ${Math.min(...lengths)} to ${longest} names; say how many the ` +
      'submission lists, as in data.sample_submission: { path, top: 3 }'
    );
  }
  return undefined;
}

/**
 * The list that a sample's cells hold, as many names in each, of which at least half are known and one or more of each cell: a sample may
 * be filled with names that the training table does not have. Undefined where they hold no such list.
 *
 * @param separator undefined where it is to be found
 */
export function likelyList(
  { values }: Pick<SampleColumn, 'values'>,
  names: readonly string[],
  separator?: string,
): (NameList & { readonly unknown: readonly string[] }) | undefined {
  const known = new Set(names);
  for (const sign of separator === undefined ? SEPARATORS.filter((each) => !PARTS_OF_NAMES.has(each)) : [separator]) {
    const cells = values.map((value) => value.split(sign));
    const top = cells[0]?.length ?? 0;
    if (top < 2 || !cells.every((parts) => parts.length === top && parts.some((part) => known.has(part)))) continue;
    const parts = new Set(cells.flat());
    const unknown = [...parts].filter((part) => !known.has(part));
    if (2 * unknown.length <= parts.size) return { top, separator: sign, unknown };
  }
  return undefined;
}

/** Why names cannot be listed with a separator, as a sentence; undefined where they can. */
export function unlistable(names: readonly string[], separator: string, what: 'class' | 'label'): string | undefined {
  const name = names.find((each) => each.includes(separator));
  if (name === undefined) return undefined;
  return (
    `the submission lists several ${what === 'class' ? 'classes' : 'labels'} in a cell with ${JSON.stringify(separator)} between them, ` +
    `and the ${what} ${JSON.stringify(name)} has that in its name; name another separator, or this one if it is right, as in ` +
    'data.sample_submission: { path, separator: "|" }'
  );
}

/** Longer ones first, so that a space after a comma belongs to it. */
const SEPARATORS = [', ', '; ', ' | ', ' ', ',', ';', '|', '/', '\t', '_', '-'];

/** Between names that are not all known these may be parts of one. */
const PARTS_OF_NAMES: ReadonlySet<string> = new Set(['/', '_', '-']);

/** The most probable names of a row, most probable first; of equal ones the first. */
export function mostProbable(probabilities: ArrayLike<number>, names: readonly string[], { top, separator }: NameList): string {
  const order = [...names.keys()].sort((a, b) => valueAt(probabilities, b) - valueAt(probabilities, a) || a - b);
  return order
    .slice(0, top)
    .map((number) => valueAt(names, number))
    .join(separator);
}

import { lookup, valueAt } from '../../core/values.ts';
/** Which rows belong together. */
export interface Groups {
  /** The number of each row's group, [rows]. */
  readonly of: Int32Array;
  /** Groups are numbered from 0. */
  readonly count: number;
}

/**
 * Rows with the same value, to the character, belong together. Groups are numbered in the order that `ordered` gives their values, or of
 * first appearance.
 */
export function groupsBy(values: readonly string[], ordered?: (different: readonly string[]) => readonly string[]): Groups {
  const numberOf = new Map<string, number>();
  const of = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const known = numberOf.get(valueAt(values, row));
    of[row] = known ?? numberOf.size;
    if (known === undefined) numberOf.set(valueAt(values, row), numberOf.size);
  }
  if (ordered === undefined) return { of, count: numberOf.size };
  const placeOf = new Int32Array(numberOf.size);
  ordered([...numberOf.keys()]).forEach((value, place) => (placeOf[lookup(numberOf, value)] = place));
  return { of: of.map((number) => valueAt(placeOf, number)), count: numberOf.size };
}

/** The groups of more than one row, by their rows; rows ascend, and groups come in the order of their first rows. */
export function repeated({ of, count }: Groups): readonly (readonly number[])[] {
  const sizes = new Int32Array(count);
  for (const group of of) sizes[group]!++;
  const found: number[][] = [];
  const placeOf = new Int32Array(count).fill(-1);
  for (let row = 0; row < of.length; row++) {
    const group = valueAt(of, row);
    if (valueAt(sizes, group) < 2) continue;
    if (placeOf[group] === -1) placeOf[group] = found.push([]) - 1;
    valueAt(found, valueAt(placeOf, group)).push(row);
  }
  return found;
}

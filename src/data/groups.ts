/** Which rows belong together. */
export interface Groups {
  /** The number of each row's group, [rows]. */
  readonly of: Int32Array;
  /** Groups are numbered from 0. */
  readonly count: number;
}

/** Rows with the same value, to the character, belong together. Groups are numbered in the order that `ordered` gives their values, or of first appearance. */
export function groupsBy(values: readonly string[], ordered = (different: readonly string[]): readonly string[] => different): Groups {
  const different = ordered([...new Set(values)]);
  const numberOf = new Map(different.map((value, number) => [value, number]));
  return { of: Int32Array.from(values, (value) => numberOf.get(value)!), count: different.length };
}

/** The groups of more than one row, by their rows; rows ascend, and groups come in the order of their first rows. */
export function repeated({ of, count }: Groups): readonly (readonly number[])[] {
  const sizes = new Int32Array(count);
  for (const group of of) sizes[group]!++;
  const rowsOf = new Map<number, number[]>();
  of.forEach((group, row) => {
    if (sizes[group]! < 2) return;
    const rows = rowsOf.get(group);
    if (rows === undefined) rowsOf.set(group, [row]);
    else rows.push(row);
  });
  return [...rowsOf.values()];
}

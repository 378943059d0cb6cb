import type { Table } from '../tables/index.ts';

/** The columns that predictions go into. One without a name is as in the sample. */
export function valueColumns(sample: Table, id: string | undefined): readonly string[] {
  return sample.columns.filter((name) => name !== id && sample.unnamed?.has(name) !== true);
}

export interface IdInRow {
  readonly id: string;
  /** From 1. */
  readonly row: number;
}

/** The ids that are chosen, with their rows. */
export function rowsWhere(ids: readonly string[], chosen: (id: string, index: number) => boolean): IdInRow[] {
  return ids.flatMap((id, i) => (chosen(id, i) ? [{ id, row: i + 1 }] : []));
}

/** Every occurrence of an id after its first. */
export function duplicates(ids: readonly string[]): IdInRow[] {
  const firstIndex = new Map([...ids.entries()].reverse().map(([i, id]) => [id, i]));
  return rowsWhere(ids, (id, i) => firstIndex.get(id) !== i);
}

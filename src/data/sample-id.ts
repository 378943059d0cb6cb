import type { Table } from './table.ts';

/** How the id column of a sample submission may be called. */
export interface SampleIds {
  /** Likeliest first. */
  readonly names: readonly string[];
  /** Whether it has to be the first of them. */
  readonly isNamed: boolean;
}

/**
 * The id column of a sample: the one that is named, else the first of the likely ones that it has, else the first column whose values
 * are the ids of the rows to predict. Failing all, what is missing: the likeliest, or the first column.
 */
export function sampleIdColumn(sample: Table, { names, isNamed }: SampleIds, ids: readonly string[]): string {
  const [likeliest] = names;
  if (isNamed && likeliest !== undefined) return likeliest;
  const known = names.find((name) => sample.columns.includes(name));
  if (known !== undefined) return known;
  const wanted = new Set(ids);
  const place = sample.rows.length === ids.length ? sample.columns.findIndex((_, column) => sample.rows.every((row) => wanted.has(row[column]!))) : -1;
  return sample.columns[place] ?? likeliest ?? sample.columns[0] ?? '';
}

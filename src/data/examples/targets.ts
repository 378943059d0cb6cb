import { valueAt } from '../../core/values.ts';
import type { Problem } from '../../core/errors.ts';
import type { Table } from '../tables/index.ts';

/** What is to be learned about rows, in numbers whose meaning the task knows: row-major [rows, width]. NaN where it is not known. */
export interface Targets {
  readonly width: number;
  readonly values: Float64Array;
}

/** How the targets of a table are read; `T` is the task that knows what their numbers mean. */
export interface TargetReader<T> {
  /** Those of all rows, which stand in these columns, at least one, and everything that is wrong with them. */
  read(table: Table, columns: readonly string[]): { readonly targets: Targets; readonly task: T; readonly problems: readonly Problem[] };
  /** What is missing among those that cleaning has left, as sentences. */
  missing(targets: Targets, task: T): readonly string[];
}

export function rowCount({ width, values }: Targets): number {
  return values.length / width;
}

/** The numbers of one row: [width]. */
export function targetOf({ width, values }: Targets, row: number): Float64Array {
  return values.subarray(row * width, (row + 1) * width);
}

/** Whether something of a row's target is known. */
export function isLabelled(targets: Targets, row: number): boolean {
  return targetOf(targets, row).some((value) => !Number.isNaN(value));
}

/** Those of some rows, in their order. */
export function targetsAt(targets: Targets, rows: ArrayLike<number>): Targets {
  const { width } = targets;
  const values = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) values.set(targetOf(targets, valueAt(rows, i)), i * width);
  return { width, values };
}

/** Those of some rows, and then those of others, of the same width. */
export function joinedTargets(first: Targets, second: Targets): Targets {
  const values = new Float64Array(first.values.length + second.values.length);
  values.set(first.values);
  values.set(second.values, first.values.length);
  return { width: first.width, values };
}

/** Whether two rows have the same target; two that are not known are the same. */
export function sameTarget(targets: Targets, a: number, b: number): boolean {
  const { width, values } = targets;
  for (let k = 0; k < width; k++) {
    if (!Object.is(values[a * width + k], values[b * width + k])) return false;
  }
  return true;
}

/** Whether rows have more than one target: what is not known in a row does not differ from what is known in another. */
export function differ(rows: readonly number[], { width, values }: Targets): boolean {
  for (let k = 0; k < width; k++) {
    const known = rows.map((row) => valueAt(values, row * width + k)).filter((value) => !Number.isNaN(value));
    if (known.some((value) => value !== known[0])) return true;
  }
  return false;
}

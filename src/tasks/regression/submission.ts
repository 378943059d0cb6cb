import { lookup, valueAt } from '../../core/values.ts';
import { nearest } from '../../core/nearest.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import type { SampleColumn, ValueWriter } from '../../data/submission/index.ts';
import type { Predictions } from '../predictions.ts';

/**
 * One target goes into the one column of the sample, whatever its name; several go into the columns that are named as they are. Numbers are
 * written with all their digits, whatever the sample holds.
 */
export function numberValues(targets: readonly string[], predictions: Predictions, columns: readonly SampleColumn[]): ValueWriter | string {
  const { width, numbers } = predictions;
  const names = columns.map(({ name }) => name);
  if (columns.length === 0) return 'there is no column beside the id';
  if (width === 1) {
    if (columns.length === 1) return (row) => valueAt(numbers, row);
    return `beside the id there are the columns ${quotedList(names)}; one column was expected, for ${quotedList(targets)}`;
  }
  const columnOf = new Map(targets.map((name, column) => [name, column]));
  const unknown = names.find((name) => !columnOf.has(name));
  if (unknown === undefined) return (row, name) => valueAt(numbers, row * width + lookup(columnOf, name));
  const near = nearest(unknown, targets);
  const hint = near === undefined ? '' : `; it is nearest to ${quoted(near)}`;
  return `the column ${quoted(unknown)} is none of the target columns ${quotedList(targets)}${hint}`;
}

/** What a column can be asked to hold: the number of a target column, or `prediction`, that of the only one. */
export function numberValue(targets: readonly string[], what: string, { width, numbers }: Predictions): ValueWriter | undefined {
  const column = what === 'prediction' && width === 1 ? 0 : targets.indexOf(what);
  return column === -1 ? undefined : (row) => valueAt(numbers, row * width + column);
}

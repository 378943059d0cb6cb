import { lookup, valueAt } from '../../core/values.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import type { ListOptions, SampleColumn, ValueWriter } from '../../data/submission/index.ts';
import { isPredicted } from '../metrics/labels.ts';
import type { Predictions } from '../predictions.ts';
import { listInCells, mostProbable, namesOfColumns, unlistable } from '../submitted-names.ts';
import type { Labels } from './cells.ts';

/** Between labels of a cell, where nothing says what else. */
const SPACE = ' ';

/**
 * Columns that are named as labels, or end in one after a common beginning, get their probabilities; a single column whose cells list
 * labels, or for which a number of them is asked for, the most probable ones.
 */
export function labelValues(
  { labels, separator }: Labels,
  { width, numbers }: Predictions,
  columns: readonly SampleColumn[],
  asked: ListOptions = { top: null, separator: null },
): ValueWriter | string {
  const [first] = columns;
  if (first === undefined) return 'there is no column beside the id';
  const named = namesOfColumns(columns, labels);
  if (named !== undefined && asked.top === null) return (row, column) => valueAt(numbers, row * width + lookup(named, column));
  const names = quotedList(columns.map(({ name }) => name));
  if (columns.length > 1) {
    return `beside the id there are the columns ${names}; columns named as labels were expected, or one: ${quotedList(labels)}`;
  }
  const own = (row: number): Float64Array => numbers.subarray(row * width, (row + 1) * width);
  const list =
    asked.top === null
      ? listInCells(first, labels, asked.separator ?? undefined)
      : { top: asked.top, separator: asked.separator ?? separator ?? SPACE };
  if (typeof list === 'string') return list;
  if (list !== undefined) {
    const wrong = asked.separator === null ? unlistable(labels, list.separator, 'label') : undefined;
    return wrong ?? ((row) => mostProbable(own(row), labels, list));
  }
  if (labels.length === 1) return (row) => valueAt(numbers, row);
  return (
    `the column ${quoted(first.name)} is not named as one of the labels ${quotedList(labels)}, and its cells list none; ask for the most ` +
    'probable ones with data.sample_submission: { path, top: 3 }'
  );
}

/** What a column can be asked to hold: `probability:<label>`, or `prediction`, the labels with a probability above one half. */
export function labelValue({ labels, separator }: Labels, what: string, { width, numbers }: Predictions): ValueWriter | undefined {
  if (what === 'prediction') {
    return (row) => labels.filter((_, label) => isPredicted(valueAt(numbers, row * width + label))).join(separator ?? SPACE);
  }
  const label = what.startsWith('probability:') ? labels.indexOf(what.slice('probability:'.length)) : labels.indexOf(what);
  return label === -1 ? undefined : (row) => valueAt(numbers, row * width + label);
}

import { lookup, valueAt } from '../../core/values.ts';
import { isFiniteNumber, isInteger, isNumeric, wholeNumber } from '../../data/tables/index.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import type { ListOptions, SampleColumn, ValueWriter } from '../../data/submission/index.ts';
import type { Predictions } from '../predictions.ts';
import { likelyList, listInCells, mostProbable, namesOfColumns, unlistable, type NameList } from '../submitted-names.ts';
import { decided } from './columns.ts';

/**
 * A single column gets
 * - the predicted class as the training data write it, where the sample's values are classes or other text,
 * - an integer, where its values are integers: the class as it is written if that is one, without its fraction if it is as good as
 *   one (`1.0`), for two other classes 0 and 1,
 * - the second class's probability, where its values are other numbers and there are two classes;
 * - the most probable classes, most probable first, where its cells list as many, or where a number of them is asked for;
 * columns for every class, which are named as they are or end in their names after a common beginning, get the classes' probabilities.
 */
export function classValues(
  classes: readonly string[],
  predictions: Predictions,
  columns: readonly SampleColumn[],
  asked: ListOptions = { top: null, separator: null },
): ValueWriter | string {
  const { numbers } = predictions;
  const isBinary = classes.length === 2;
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  if (columns.length > 1) {
    const named = columns.length === classes.length ? namesOfColumns(columns, classes) : undefined;
    if (named !== undefined) return (row, column) => probabilityIn(classes, predictions, row, lookup(named, column));
    const names = quotedList(columns.map(({ name }) => name));
    return `beside the id there are the columns ${names}; one column was expected, or one for each class: ${quotedList(classes)}`;
  }
  const [column] = columns;
  if (column === undefined) return 'there is no column beside the id';

  const labels = decided(predictions, classes);
  const { name, values } = column;
  const list = listFor(column, classes, asked);
  if (typeof list === 'string') return list;
  if (list !== undefined) {
    const wrong = asked.separator === null ? unlistable(classes, list.separator, 'class') : undefined;
    if (wrong !== undefined) return wrong;
    return (row) => mostProbable(Float64Array.from(classes, (_, label) => probabilityIn(classes, predictions, row, label)), classes, list);
  }
  if (values.every((value) => labelOf.has(value))) return (row) => valueAt(classes, valueAt(labels, row));
  if (values.every(isInteger)) {
    const whole = classes.map(asInteger);
    if (whole.every((integer) => integer !== undefined)) return (row) => valueAt(whole, valueAt(labels, row));
    if (isBinary) return (row) => valueAt(labels, row);
    return `the column ${quoted(name)} holds integers, and the classes are ${quotedList(classes)}`;
  }
  if (!values.every(isFiniteNumber)) return (row) => valueAt(classes, valueAt(labels, row));
  if (isBinary) return (row) => valueAt(numbers, row);
  return `the column ${quoted(name)} holds fractions, which cannot say which of ${classes.length} classes is predicted`;
}

/** What a column can be asked to hold: `prediction`, `probability:<class>`, or `probability`, that of the second of two classes. */
export function classValue(classes: readonly string[], what: string, predictions: Predictions): ValueWriter | undefined {
  if (what === 'prediction') {
    const labels = decided(predictions, classes);
    return (row) => valueAt(classes, valueAt(labels, row));
  }
  const label = what === 'probability' && classes.length === 2 ? 1 : classes.indexOf(afterColon(what));
  return label === -1 ? undefined : (row) => probabilityIn(classes, predictions, row, label);
}

/** What a column could hold besides what it gets. */
export function choiceNotice(classes: readonly string[], columns: readonly SampleColumn[]): string | undefined {
  return integerNotice(classes, columns) ?? listNotice(classes, columns);
}

/** A list of names that are not all classes could be a text. */
function listNotice(classes: readonly string[], [column, other]: readonly SampleColumn[]): string | undefined {
  if (column === undefined || other !== undefined || column.values.every((value) => classes.includes(value))) return undefined;
  const list = likelyList(column, classes);
  if (list === undefined || list.unknown.length === 0) return undefined;
  return (
    `each cell of the column ${quoted(column.name)} of the sample lists ${list.top} names, of which the training table does not have ` +
    `${quotedList(list.unknown)}; the submission lists the ${list.top} most probable classes. For one class, set ` +
    `data.sample_submission: { path, columns: { ${quoted(column.name)}: prediction } }`
  );
}

/** Of two classes a column of whole numbers could hold the class or the probability. */
function integerNotice(classes: readonly string[], columns: readonly SampleColumn[]): string | undefined {
  const [column, other] = columns;
  if (classes.length !== 2 || column === undefined || other !== undefined || !column.values.every(isInteger)) return undefined;
  return (
    `the column ${quoted(column.name)} of the sample holds whole numbers, so it gets the predicted class; for the probability of ` +
    `${quoted(valueAt(classes, 1))}, set data.sample_submission: { path, columns: { ${column.name}: probability } }`
  );
}

/** The list of classes that a column holds; undefined where it holds one class, or something else. */
function listFor(column: SampleColumn, classes: readonly string[], { top, separator }: ListOptions): NameList | string | undefined {
  if (top !== null) return { top, separator: separator ?? ' ' };
  const known = new Set(classes);
  if (column.values.every((value) => known.has(value))) return undefined;
  return listInCells(column, classes, separator ?? undefined) ?? likelyList(column, classes, separator ?? undefined);
}

function afterColon(what: string): string {
  return what.startsWith('probability:') ? what.slice('probability:'.length) : '';
}

function probabilityIn(classes: readonly string[], { width, numbers }: Predictions, row: number, label: number): number {
  if (classes.length > 2) return valueAt(numbers, row * width + label);
  return label === 0 ? 1 - valueAt(numbers, row) : valueAt(numbers, row);
}

/** A class for a column of integers: as it is written, so that none of its digits is lost; undefined where it is no integer. */
function asInteger(name: string): string | undefined {
  if (isInteger(name)) return name;
  return isNumeric(name) ? wholeNumber(name) : undefined;
}

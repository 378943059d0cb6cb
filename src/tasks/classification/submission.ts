import { lookup, valueAt } from '../../core/values.ts';
import { isFiniteNumber, isInteger, isNumeric, wholeNumber } from '../../data/tables/index.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import type { SampleColumn, ValueWriter } from '../../data/submission/index.ts';
import type { Predictions } from '../predictions.ts';
import { decided } from './columns.ts';

/**
 * A single column gets
 * - the predicted class as the training data write it, where the sample's values are classes or other text,
 * - an integer, where its values are integers: the class as it is written if that is one, without its fraction if it is as good as
 *   one (`1.0`), for two other classes 0 and 1,
 * - the second class's probability, where its values are other numbers and there are two classes;
 * a column for every class gets the classes' probabilities.
 */
export function classValues(classes: readonly string[], predictions: Predictions, columns: readonly SampleColumn[]): ValueWriter | string {
  const { width, numbers } = predictions;
  const isBinary = classes.length === 2;
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const probability: ValueWriter = (row, column) => {
    const label = lookup(labelOf, column);
    if (!isBinary) return valueAt(numbers, row * width + label);
    return label === 0 ? 1 - valueAt(numbers, row) : valueAt(numbers, row);
  };
  if (columns.length > 1) {
    const fits = columns.length === classes.length && columns.every(({ name }) => labelOf.has(name));
    if (fits) return probability;
    const names = quotedList(columns.map(({ name }) => name));
    return `beside the id there are the columns ${names}; one column was expected, or one for each class: ${quotedList(classes)}`;
  }
  const [column] = columns;
  if (column === undefined) return 'there is no column beside the id';

  const labels = decided(predictions, classes);
  const { name, values } = column;
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

/** A class for a column of integers: as it is written, so that none of its digits is lost; undefined where it is no integer. */
function asInteger(name: string): string | undefined {
  if (isInteger(name)) return name;
  return isNumeric(name) ? wholeNumber(name) : undefined;
}

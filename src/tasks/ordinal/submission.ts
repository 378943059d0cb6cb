import { valueAt } from '../../core/values.ts';
import { isInteger, isNumeric, wholeNumber } from '../../data/tables/index.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import type { SampleColumn, ValueWriter } from '../../data/submission/index.ts';
import type { Predictions } from '../predictions.ts';
import { ranksOf, scoresOf } from './grades.ts';

/**
 * A single column gets the predicted grade as the training data write it, as an integer where the sample's values are integers; columns
 * that are named as the grades get their probabilities.
 */
export function gradesSubmitted(
  grades: readonly string[],
  predictions: Predictions,
  columns: readonly SampleColumn[],
): ValueWriter | string {
  const [first] = columns;
  if (first === undefined) return 'there is no column beside the id';
  if (columns.length > 1) {
    const { width, numbers } = predictions;
    if (columns.every(({ name }) => grades.includes(name))) return (row, column) => valueAt(numbers, row * width + grades.indexOf(column));
    const names = quotedList(columns.map(({ name }) => name));
    return `beside the id there are the columns ${names}; one column was expected, or one for each grade: ${quotedList(grades)}`;
  }
  const ranks = ranksOf(predictions);
  const { name, values } = first;
  const written = writtenIn(values, grades);
  if (written === undefined) return `the column ${quoted(name)} holds integers, and the grades are ${quotedList(grades)}`;
  return (row) => valueAt(written, valueAt(ranks, row));
}

/** What a column can be asked to hold: `prediction`, `score` or `probability:<grade>`. */
export function gradeValue(grades: readonly string[], what: string, predictions: Predictions): ValueWriter | undefined {
  if (what === 'prediction') {
    const ranks = ranksOf(predictions);
    return (row) => valueAt(grades, valueAt(ranks, row));
  }
  if (what === 'score') {
    const scores = scoresOf(predictions);
    return (row) => valueAt(scores, row);
  }
  const rank = what.startsWith('probability:') ? grades.indexOf(what.slice('probability:'.length)) : -1;
  const { width, numbers } = predictions;
  return rank === -1 ? undefined : (row) => valueAt(numbers, row * width + rank);
}

/** The grades as a column writes them that has such values; undefined where it cannot. */
function writtenIn(values: readonly string[], grades: readonly string[]): readonly string[] | undefined {
  if (!values.every(isInteger) || values.every((value) => grades.includes(value))) return grades;
  const whole = grades.map((name) => (isInteger(name) ? name : isNumeric(name) ? wholeNumber(name) : undefined));
  return whole.every((name) => name !== undefined) ? whole : undefined;
}

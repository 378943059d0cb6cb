import type { Problem } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import { valueAt } from '../../core/values.ts';
import { compareDecimals, decimalOf, isFiniteNumber } from '../tables/index.ts';
import { quoted } from '../problems.ts';
import type { Division } from './division.ts';

/**
 * scikit-learn's `TimeSeriesSplit`: each fold validates n // (folds + 1) rows, the last ones the latest, and is trained on all rows before
 * them but the `gap` latest.
 *
 * @param places each row's place in time, from 0
 */
export function timeSeries(places: Int32Array, folds: number, gap: number): Division {
  const rows = places.length;
  const size = Math.floor(rows / (folds + 1));
  const starts = Array.from({ length: folds }, (_, fold) => rows - (folds - fold) * size);
  const [first = 0] = starts;
  const foldOf = places.map((place) => (place < first ? -1 : Math.min(folds - 1, Math.floor((place - first) / size))));
  return { count: folds, foldOf: [foldOf], earlier: { places, ends: starts.map((start) => start - gap) } };
}

/** Why rows cannot be divided so: a fold would be trained on nothing, or validate nothing. */
export function seriesProblems(rows: number, folds: number, gap: number): readonly Problem[] {
  const size = Math.floor(rows / (folds + 1));
  if (size === 0) return [{ message: `${plural(rows, 'row')} for ${folds} folds and the rows before the first of them` }];
  const before = rows - folds * size;
  if (before > gap) return [];
  const message = `before the first of ${folds} folds there are ${plural(before, 'row')}, and split.gap leaves out ${gap} of them`;
  return [{ message, field: 'split.gap' }];
}

/** Each row's place in the order of a column's values, from 0, equal ones in the order of the table; or what is wrong with these. */
export function placesIn(values: readonly string[], rows: Int32Array, column: string): Int32Array | readonly Problem[] {
  const at = (i: number): Pick<Problem, 'row' | 'field'> => ({ row: valueAt(rows, i) + 1, field: column });
  const empty = values.flatMap((value, i): Problem[] =>
    value.trim() === '' ? [{ message: `the column ${quoted(column)}, by which split.order sorts the rows, is empty`, ...at(i) }] : [],
  );
  if (empty.length > 0) return empty;
  const isNumber = values.every(isFiniteNumber);
  const times = isNumber ? [] : values.map(timeOf);
  const wrong = isNumber ? -1 : times.findIndex((time) => time === undefined);
  if (wrong !== -1) {
    const message =
      `${quoted(valueAt(values, wrong))} is neither a number nor a date such as 2024-01-31 or 2024-01-31T18:30:00Z, so the column ` +
      `${quoted(column)} cannot put the rows in order`;
    return [{ message, ...at(wrong) }];
  }
  const compare = isNumber
    ? (a: number, b: number): number => byNumber(valueAt(values, a), valueAt(values, b))
    : (a: number, b: number): number => valueAt(times, a)! - valueAt(times, b)!;
  const order = Int32Array.from(values.keys()).sort((a, b) => compare(a, b) || a - b);
  const places = new Int32Array(values.length);
  order.forEach((row, place) => (places[row] = place));
  return places;
}

/** Numbers beyond 2^53 can be the same to JavaScript and different in the text. */
function byNumber(a: string, b: string): number {
  return Number(a) - Number(b) || compareDecimals(decimalOf(a), decimalOf(b));
}

/** Dates of ISO 8601, with the time of day or without; without a zone they are taken for UTC. */
const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds since 1970; undefined for what is no date. */
function timeOf(value: string): number | undefined {
  const [whole, year, month, day, time = '00:00', zone = 'Z'] = DATE.exec(value.trim()) ?? [];
  if (whole === undefined) return undefined;
  const inZone = zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  const at = Date.parse(`${year}-${month}-${day}T${time}${inZone}`);
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  return Number.isNaN(at) || !isDay ? undefined : at;
}

import { valueAt } from '../../../core/values.ts';
import { isFiniteNumber } from '../decimal.ts';
import type { PlacedProblem } from '../records.ts';

/** A row that stands on several lines, by the bytes from its start to its end. */
export interface Span {
  readonly row: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Rows whose quoted field holds other rows, because a quote was opened and never closed, and a later one ended it: all lines of such
 * a row read as rows of their own, with numbers where the other rows have numbers and classes where they have classes.
 */
export function swallowedRows(
  bytes: Uint8Array,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  spans: readonly Span[],
): PlacedProblem[] {
  if (spans.length === 0 || header.length < 2) return [];
  const several = new Set(spans.map(({ row }) => row));
  const tests = columnTests(header.length, rows.filter((row, i) => row.length === header.length && !several.has(i)));
  const decoder = new TextDecoder();
  return spans.flatMap(({ start, end }): PlacedProblem[] => {
    const lines = decoder.decode(bytes.subarray(start, end)).split(/\r\n|\n|\r/).filter((line) => line !== '');
    // A class or a number in every line, or so many lines that chance is out of the question.
    const isEnough = tests.some((test) => test !== undefined) ? lines.length >= 2 : lines.length >= FIVE;
    const areRows = isEnough && lines.every((line) => readsAsRow(line, tests));
    return areRows
      ? [
          {
            message:
              `a quoted field runs over ${lines.length} lines, each of which reads as a row of its own: its first quote is never ` +
              'closed',
            offset: start,
            kind: 'swallowed',
          },
        ]
      : [];
  });
}

const FIVE = 5;

/** What the cells of a column all are, where that says something; undefined for a column of texts. */
type CellTest = ((cell: string) => boolean) | undefined;

function readsAsRow(line: string, tests: readonly CellTest[]): boolean {
  const cells = line.replaceAll('"', '').split(',');
  return cells.length === tests.length && tests.every((test, i) => test === undefined || test(valueAt(cells, i)));
}

/** Fewer rows say nothing about their columns. */
const FEWEST_ROWS = 4;
const MOST_CLASSES = 50;

function columnTests(columns: number, rows: readonly (readonly string[])[]): readonly CellTest[] {
  if (rows.length < FEWEST_ROWS) return Array.from({ length: columns }, () => undefined);
  return Array.from({ length: columns }, (_, column) => {
    if (rows.every((row) => isFiniteNumber(valueAt(row, column)))) return isFiniteNumber;
    const values = new Set<string>();
    for (const row of rows) if (values.add(valueAt(row, column)).size > MOST_CLASSES) break;
    return values.size <= Math.min(MOST_CLASSES, rows.length / 2) && !values.has('') ? (cell) => values.has(cell) : undefined;
  });
}

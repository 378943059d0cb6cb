import { lookup, valueAt } from '../../core/values.ts';
import type { Problem } from '../../core/errors.ts';
import { columnOf, firstLine, isNumeric, type Table } from '../../data/tables/index.ts';
import { sortedValues, type TargetReader, type Targets } from '../../data/examples/index.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import { missingCells } from '../missing.ts';
import type { Task } from '../task.ts';
import { labelSizes } from './cells.ts';
import { multiLabel } from './task.ts';

export interface LabelReading {
  /** What separates the labels in one column; null where each label has a column. */
  readonly separator: string | null;
  /** Further cells that hold no value. */
  readonly missing: readonly string[];
}

/** Labels in a column each, as 0 and 1 or false and true, or together in one column, sorted by name. */
export function labelReader({ separator, missing }: LabelReading): TargetReader<Task> {
  const isMissing = missingCells(missing);
  return {
    read: (table, columns) =>
      separator === null ? ofColumns(table, columns, isMissing) : ofOneColumn(table, valueAt(columns, 0), separator, isMissing),
    missing(targets) {
      const rows = targets.values.length / targets.width;
      if (rows < 2) return [`${rows === 0 ? 'no row is' : 'only one row is'} left`];
      return labelSizes(targets).some(({ positive, negative }) => positive > 0 && negative > 0) ? [] : ['no label is left that varies'];
    },
  };
}

type Read = ReturnType<TargetReader<Task>['read']>;

function ofColumns(table: Table, columns: readonly string[], isMissing: (cell: string) => boolean): Read {
  const width = columns.length;
  const values = new Float64Array(table.rows.length * width);
  const problems = columns.flatMap((column, label) =>
    (columnOf(table, column) ?? []).flatMap((cell, row): readonly Problem[] => {
      const value = isMissing(cell) ? NaN : valueOf(cell);
      values[row * width + label] = value ?? NaN;
      return value === undefined ? [wrongCell(column, cell, row)] : [];
    }),
  );
  const targets = { width, values };
  const isWhole = problems.length === 0 && columns.every((column) => table.columns.includes(column));
  return {
    targets,
    task: multiLabel({ labels: columns, separator: null, masked: isMasked(targets) }),
    problems: isWhole ? labelProblems(table, targets, columns) : problems,
  };
}

/** Rows of which nothing is known are left out; what counts is whether the others lack something. */
function isMasked({ width, values }: Targets): boolean {
  for (let first = 0; first < values.length; first += width) {
    const known = values.subarray(first, first + width).reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
    if (known > 0 && known < width) return true;
  }
  return false;
}

/** 1 or 0; undefined where a cell is neither. */
function valueOf(cell: string): number | undefined {
  const text = cell.trim().toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true' ? 1 : 0;
  return isNumeric(text) && (Number(text) === 0 || Number(text) === 1) ? Number(text) : undefined;
}

function wrongCell(column: string, cell: string, row: number): Problem {
  return { message: `the label ${quoted(column)} is ${quoted(cell)}, not 0, 1, true, false or empty`, row: row + 1, field: column };
}

/** A label without a known value, and labels that are all the same in all rows. */
function labelProblems(table: Table, targets: Targets, columns: readonly string[]): readonly Problem[] {
  if (table.rows.length === 0) return [];
  const sizes = labelSizes(targets);
  const about = firstLine(table);
  const unknown = columns.flatMap((column, label): readonly Problem[] => {
    const { positive, negative } = valueAt(sizes, label);
    return positive + negative === 0 ? [{ message: `the label ${quoted(column)} has no value in any row`, ...about, field: column }] : [];
  });
  if (unknown.length > 0) return unknown;
  if (sizes.some(({ positive, negative }) => positive > 0 && negative > 0)) return [];
  const which = columns.length === 1 ? `the label ${quoted(valueAt(columns, 0))} is` : 'every label is';
  return [{ message: `${which} the same in all rows; there is nothing to learn`, ...about, field: valueAt(columns, 0) }];
}

function ofOneColumn(table: Table, column: string, separator: string, isMissing: (cell: string) => boolean): Read {
  const rows = (columnOf(table, column) ?? []).map((cell) => (cell.trim() !== '' && isMissing(cell) ? null : labelsIn(cell, separator)));
  const labels = sortedValues([...new Set(rows.flatMap((own) => own ?? []))]);
  const numberOf = new Map(labels.map((name, label) => [name, label]));
  const width = Math.max(1, labels.length);
  const values = new Float64Array(rows.length * width);
  rows.forEach((own, row) => {
    if (own === null) values.fill(NaN, row * width, (row + 1) * width);
    else for (const name of own) values[row * width + lookup(numberOf, name)] = 1;
  });
  const targets = { width, values };
  const task = multiLabel({ labels, separator, masked: isMasked(targets) });
  return { targets, task, problems: separatedProblems(table, { column, separator, labels }, targets) };
}

function labelsIn(cell: string, separator: string): readonly string[] {
  return cell
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** With more labels than this, and fewer than two rows a label on average, a column does not hold labels. */
const MANY_LABELS = 20;

interface Separated {
  readonly column: string;
  readonly separator: string;
  readonly labels: readonly string[];
}

function separatedProblems(table: Table, { column, separator, labels }: Separated, targets: Targets): readonly Problem[] {
  const about = { ...firstLine(table), field: column };
  const cells = columnOf(table, column) ?? [];
  if (cells.length === 0) return [];
  if (labels.length === 0) return [{ message: `no row has a label in the column ${quoted(column)}`, ...about }];
  const other = cells.some((cell) => cell.includes(separator)) ? undefined : likelySeparator(cells);
  if (other !== undefined) {
    const message =
      `no cell has the separator ${quoted(separator)} of data.label_separator, and most have ${quoted(other)}, as in ` +
      quoted(cells.find((cell) => cell.includes(other)) ?? '');
    return [{ message, ...about, suggestion: `label_separator: ${JSON.stringify(other)}` }];
  }
  if (labels.length > MANY_LABELS && labels.length * 2 > cells.length) {
    const message =
      `the column has ${labels.length} different labels in ${cells.length} rows, such as ${quotedList(labels, 3)}; is ` +
      `${quoted(separator)} what separates them?`;
    return [{ message, ...about }];
  }
  if (labelSizes(targets).some(({ positive, negative }) => positive > 0 && negative > 0)) return [];
  return [{ message: 'every row has the same labels; there is nothing to learn', ...about }];
}

/** What separates labels in most cells, if anything usual does. */
function likelySeparator(cells: readonly string[]): string | undefined {
  const filled = cells.filter((cell) => cell.trim() !== '');
  return ['|', ';', ',', '/', ' '].find((sign) => filled.filter((cell) => cell.trim().includes(sign)).length * 2 > filled.length);
}

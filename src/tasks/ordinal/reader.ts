import { lookup, valueAt } from '../../core/values.ts';
import type { Problem } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { canonical, columnOf, decimalOf, firstLine, isNumeric, type Table } from '../../data/tables/index.ts';
import { sortedValues, type TargetReader, type Targets } from '../../data/examples/index.ts';
import { quoted, quotedList } from '../../data/problems.ts';
import { classSizes } from '../metrics/confusion.ts';
import type { Task } from '../task.ts';
import type { Link } from './grades.ts';
import { ordinal } from './task.ts';

export interface GradeReading {
  /** In order, lowest first; null: the numbers that occur, ascending. */
  readonly grades: readonly string[] | null;
  readonly link: Link;
}

/** A grade is what is written, whatever spaces stand around it; numbers are the same grade however they are written. */
export function gradeReader({ grades: listed, link }: GradeReading): TargetReader<Task> {
  return {
    read(table, columns) {
      const column = valueAt(columns, 0);
      const cells = columnOf(table, column) ?? [];
      const found = listed ?? numbersIn(cells);
      const rankOf = new Map(found.map((name, rank) => [meaningOf(name), rank]));
      const ranks = cells.map((cell) => rankOf.get(meaningOf(cell)));
      const targets: Targets = { width: 1, values: Float64Array.from(ranks, (rank) => rank ?? 0) };
      const grades = found.length < 2 ? [...found, ...PLACEHOLDERS].slice(0, 2) : found;
      const counts = [...classSizes(Int32Array.from(ranks.filter((rank) => rank !== undefined)), grades.length)];
      const problems = listed === null ? ofNumbers(table, column, cells, found) : ofList(table, column, cells, listed, ranks);
      return { targets, task: ordinal({ grades, counts, link }), problems };
    },
    missing({ values }) {
      return new Set(values).size > 1 ? [] : [`rows of ${values.length === 0 ? 'no grade' : 'only one grade'} are left`];
    },
  };
}

/** For a task whose table is refused anyway. */
const PLACEHOLDERS = ['0', '1'];

const meaningOf = (cell: string): string => (isNumeric(cell) ? canonical(decimalOf(cell)) : cell.trim().normalize('NFC'));

/** The different numbers of a column, ascending, each as the table writes it first. */
function numbersIn(cells: readonly string[]): readonly string[] {
  const spelled = new Map<string, string>();
  for (const cell of cells) if (isNumeric(cell) && !spelled.has(meaningOf(cell))) spelled.set(meaningOf(cell), cell.trim());
  return sortedValues([...spelled.values()]);
}

/** With more grades than this, and fewer than two rows a grade on average, numbers are no grades. */
const MANY_GRADES = 20;

function ofNumbers(table: Table, column: string, cells: readonly string[], grades: readonly string[]): readonly Problem[] {
  if (cells.length === 0) return [];
  const about = { ...firstLine(table), field: column };
  const empty = emptyCells(cells, column);
  const words = [...new Set(cells.filter((cell) => cell.trim() !== '' && !isNumeric(cell)).map((cell) => cell.trim()))];
  if (words.length > 0) {
    if (grades.length > words.length) return [...empty, ...notNumbers(cells, column)];
    const message = `grades in words need their order: list them in task.grades, lowest first; the column has ${quotedList(words)}`;
    return [{ message, ...about, suggestion: `grades: [${words.slice(0, MANY_GRADES).join(', ')}]` }, ...empty];
  }
  if (grades.length > MANY_GRADES && grades.length * 2 > cells.length) {
    const message = `the target has ${grades.length} different numbers in ${cells.length} rows, so it does not hold grades`;
    return [{ message, ...about, suggestion: 'task: { name: regression }' }];
  }
  return [...empty, ...(grades.length === 1 && empty.length === 0 ? [oneGrade(valueAt(grades, 0), about)] : [])];
}

function ofList(
  table: Table,
  column: string,
  cells: readonly string[],
  grades: readonly string[],
  ranks: readonly (number | undefined)[],
): readonly Problem[] {
  if (cells.length === 0) return [];
  const unknown = cells.flatMap((cell, row): readonly Problem[] => {
    if (ranks[row] !== undefined || cell.trim() === '') return [];
    const meant = nearest(cell.trim(), grades);
    const message = `the grade ${quoted(cell)} is none of task.grades, ${quotedList(grades)}`;
    return [{ message: meant === undefined ? message : `${message}; is ${quoted(meant)} meant?`, row: row + 1, field: column }];
  });
  const problems = [...emptyCells(cells, column), ...unknown];
  const occurring = new Set(ranks.filter((rank) => rank !== undefined));
  if (problems.length > 0 || occurring.size !== 1) return problems;
  const [rank] = occurring;
  return [oneGrade(lookup(new Map(grades.entries()), rank ?? 0), { ...firstLine(table), field: column })];
}

function emptyCells(cells: readonly string[], column: string): readonly Problem[] {
  return cells.flatMap((cell, row) => (cell.trim() === '' ? [{ message: 'the target is empty', row: row + 1, field: column }] : []));
}

function notNumbers(cells: readonly string[], column: string): readonly Problem[] {
  return cells.flatMap((cell, row) =>
    cell.trim() === '' || isNumeric(cell)
      ? []
      : [{ message: `the grade ${quoted(cell)} is no number, as the others are`, row: row + 1, field: column }],
  );
}

function oneGrade(grade: string, about: Partial<Problem>): Problem {
  return { ...about, message: `all rows have the same grade, ${quoted(grade)}; there is nothing to learn` };
}

import type { OrtrainError, Problem } from '../core/errors.ts';
import { plural } from '../core/text.ts';
import { valueAt } from '../core/values.ts';
import type { Targets } from '../data/examples/index.ts';
import { dataError, quoted } from '../data/problems.ts';
import { columnOf, columnProblems, isNumeric, wholeNumber, type Table } from '../data/tables/index.ts';
import type { TargetOptions } from './kinds.ts';
import { missingCells } from './missing.ts';
import type { Misread, Task } from './task.ts';

/** Targets of a table, by a task that was made for another one, and everything that is wrong with them. */
export interface OtherTargets {
  readonly targets: Targets;
  readonly problems: readonly Problem[];
}

/**
 * The targets in some columns of a table, by the task of a run: a class, label or grade that the run's own table does not have is a problem
 * of its row. Where a target may be missing, it is NaN.
 *
 * @param key of the configuration that names the columns
 */
export function targetsAs(
  { columns: { targets: names, readTarget } }: Pick<Task, 'columns'>,
  table: Table,
  columns: readonly string[],
  options: TargetOptions,
  key = 'data.target',
): OtherTargets {
  const absent = columnProblems(table, { [key]: columns });
  if (absent.length > 0) return { targets: { width: 1, values: new Float64Array(0) }, problems: absent };
  const misfit: Problem = {
    message: `the target is to be read from ${plural(columns.length, 'column')}, but that of the run has ${names.length}`,
    field: valueAt(columns, 0),
  };
  if (columns.length > 1 && columns.length !== names.length)
    return { targets: { width: 1, values: new Float64Array(0) }, problems: [misfit] };
  const cellsOf = cellReader(names, options);
  const cells = columns.map((column) => columnOf(table, column) ?? []);
  const problems: Problem[] = [];
  let [width, values] = [1, new Float64Array(0)];
  table.rows.forEach((_, row) => {
    const numbers = cellsOf(
      cells.map((column) => valueAt(column, row)),
      readTarget,
    );
    if ('what' in numbers) {
      const message = `${numbers.what} ${quoted(numbers.cell)} is not ${numbers.instead ?? 'usable'}`;
      problems.push({ message, row: row + 1, field: valueAt(columns, 0) });
      return;
    }
    if (values.length === 0) [width, values] = [numbers.length, new Float64Array(numbers.length * table.rows.length).fill(NaN)];
    values.set(numbers, row * width);
  });
  if (values.length > 0 && width !== names.length) problems.push(misfit);
  return { targets: { width, values }, problems };
}

/** The error of a table with such problems. */
export function refusedTargets(table: Table, problems: readonly Problem[], remedy: string): OrtrainError {
  const placed = problems.map((problem) => {
    const line = problem.row === undefined ? undefined : table.lines[problem.row - 1];
    return { file: table.file, ...(line === undefined ? {} : { line }), ...problem };
  });
  return dataError(`${table.file} does not fit the configuration: ${plural(problems.length, 'problem')}`, table.file, placed, remedy);
}

type ReadTarget = Task['columns']['readTarget'];
type CellReader = (cells: readonly string[], read: ReadTarget) => readonly number[] | Misread;

function cellReader(names: readonly string[], { label_separator: separator, missing, task }: TargetOptions): CellReader {
  const labels = names.map((name) => name.slice('target_'.length));
  if (separator !== null && separator !== undefined) {
    return ([cell = ''], read) => {
      const own = cell.split(separator).map((label) => label.trim()).filter((label) => label !== '');
      const unknown = own.find((label) => !labels.includes(label));
      if (unknown !== undefined) return { what: 'the label', cell: unknown, instead: "one of the run's labels" };
      return read(labels.map((label) => (own.includes(label) ? '1' : '0')));
    };
  }
  const isMissing = missingCells(missing);
  const mayBeMissing = task?.name === 'multi-label' || task?.name === 'regression';
  return (cells, read) => {
    const known = cells.map((cell) => (mayBeMissing && isMissing(cell) ? '' : cell));
    const numbers = read(known);
    if (!('what' in numbers)) return numbers;
    const plain = read(known.map(plainCell));
    return 'what' in plain ? numbers : plain;
  };
}

/** A number as it is written most shortly, and what pandas writes of truth values. */
function plainCell(cell: string): string {
  const text = cell.trim();
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true' ? '1' : '0';
  return isNumeric(text) ? (wholeNumber(text) ?? String(Number(text))) : text;
}

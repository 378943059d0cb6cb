import { unreadable } from '../core/inputs.ts';
import { shortened } from '../core/text.ts';
import type { Targets } from '../data/examples/index.ts';
import type { Table } from '../data/tables/index.ts';
import type { Predictions } from './predictions.ts';
import type { Misread, TaskColumns } from './task.ts';

/**
 * The targets in a table that was written here, whose columns of a task begin at `first`. Throws a `data` error for a cell that cannot
 * be read.
 */
export function readTargets(table: Table, { targets, readTarget }: TaskColumns, first: number): Targets {
  const { width, numbers } = numbersOf(table, first, targets.length, readTarget);
  return { width, values: numbers };
}

/** The predictions in a table that was written here, as `readTargets`. */
export function readPredictions(table: Table, { predictions, readPrediction }: TaskColumns, first: number): Predictions {
  return numbersOf(table, first, predictions.length, readPrediction);
}

type ReadRow = (cells: readonly string[]) => readonly number[] | Misread;

function numbersOf(table: Table, first: number, columns: number, read: ReadRow): Predictions {
  let [width, numbers] = [1, new Float64Array(0)];
  table.rows.forEach((cells, row) => {
    const own = read(cells.slice(first, first + columns));
    if ('what' in own) throw misread(table, row, own);
    if (row === 0) [width, numbers] = [own.length, new Float64Array(own.length * table.rows.length)];
    numbers.set(own, row * width);
  });
  return { width, numbers };
}

function misread({ file, lines }: Table, row: number, { what, cell, instead }: Misread): Error {
  const not = instead === undefined ? '' : `, not ${instead}`;
  return unreadable(file, `${what} in line ${lines[row]} is ${JSON.stringify(shortened(cell))}${not}`);
}

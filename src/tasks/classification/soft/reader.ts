import type { Problem } from '../../../core/errors.ts';
import { plural } from '../../../core/text.ts';
import { valueAt } from '../../../core/values.ts';
import { differ, rowCount, type TargetReader, type Targets } from '../../../data/examples/index.ts';
import { columnOf, firstLine, isNumeric, type Table } from '../../../data/tables/index.ts';
import type { Task } from '../../task.ts';
import { sharesIn, sharesProblem } from './shares.ts';
import { softClassification } from './task.ts';

/** A column for each class, with its probability in each row. */
export const softReader: TargetReader<Task> = {
  read(table, columns) {
    const cells = columns.map((column) => columnOf(table, column));
    const values = new Float64Array(table.rows.length * columns.length);
    const read = { targets: { width: columns.length, values }, task: softClassification(columns) };
    if (cells.some((column) => column === undefined)) return { ...read, problems: [] };
    const problems = table.rows.flatMap((_, row): readonly Problem[] => {
      const shares = sharesIn(cells.map((column) => valueAt(column ?? [], row)));
      if (!('what' in shares)) {
        values.set(shares, row * columns.length);
        return [];
      }
      return [{ message: sharesProblem(shares), row: row + 1, field: valueAt(columns, shares.at ?? 0) }];
    });
    return { ...read, problems: problems.length > 0 ? withHint(problems, table, cells) : nothingToLearn(table, columns, read.targets) };
  },
  missing(targets) {
    const rows = rowCount(targets);
    return rows < 2 ? [`${plural(rows, 'row')} ${rows === 1 ? 'is' : 'are'} left`] : [];
  },
};

/** What else such columns may be is said once. */
function withHint(problems: readonly Problem[], table: Table, cells: readonly (readonly string[] | undefined)[]): readonly Problem[] {
  const isEach = (of: (cell: string) => boolean): boolean => cells.every((column) => column?.every((cell) => of(cell.trim())) === true);
  const [first, ...others] = problems;
  if (first === undefined || table.rows.length === 0) return problems;
  const hint = isEach((cell) => /^[01](\.0*)?$/.test(cell))
    ? '; for texts with several labels, set task: { name: multi-label }'
    : isEach((cell) => /^\d+(\.0*)?$/.test(cell))
      ? '; divide counts by their sum'
      : cells.some((column) => column?.some(isNumeric) === false)
        ? '; a class that several columns make together has to stand in a column of its own'
        : '';
  return [{ ...first, message: `${first.message}${hint}` }, ...others];
}

function nothingToLearn(table: Table, [first = '']: readonly string[], targets: Targets): readonly Problem[] {
  const rows = [...table.rows.keys()];
  if (rows.length === 0 || differ(rows, targets)) return [];
  return [{ message: 'all rows have the same probabilities; there is nothing to learn', ...firstLine(table), field: first }];
}

import type { Problem } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import { valueAt } from '../../core/values.ts';
import { rowCount, targetOf, type TargetReader, type Targets } from '../../data/examples/index.ts';
import { quoted } from '../../data/problems.ts';
import { columnOf, firstLine, isNumeric, type Table } from '../../data/tables/index.ts';
import { missingCells } from '../missing.ts';
import type { Task } from '../task.ts';
import { knownIn, scaleOf } from './scale.ts';
import { regression } from './task.ts';

/** Numbers in decimal notation, a column each; `missing` lists cells that hold none. */
export function numberReader(missing: readonly string[] | undefined): TargetReader<Task> {
  const isMissing = missingCells(missing);
  return {
    read(table, columns) {
      const cells = columns.map((column) => columnOf(table, column) ?? []);
      const values = new Float64Array(table.rows.length * columns.length).fill(NaN);
      const problems = columns.flatMap((column, k) =>
        valueAt(cells, k).flatMap((cell, row): readonly Problem[] => {
          if (isMissing(cell)) return [];
          const wrong = whatIsWrong(cell);
          if (wrong !== undefined) return [{ message: `the target ${quoted(cell)} ${wrong}`, row: row + 1, field: column }];
          values[row * columns.length + k] = Number(cell);
          return [];
        }),
      );
      const targets = { width: columns.length, values };
      const isRead = problems.length === 0 && cells.every((column) => column.length > 0);
      return {
        targets,
        task: regression({ columns, ...scaleOf(targets), ...(isPartial(targets) ? { partial: true } : {}) }),
        problems: isRead ? columnProblems(table, columns, targets) : problems,
      };
    },
    missing(targets) {
      const rows = Array.from({ length: rowCount(targets) }, (_, row) => row);
      const known = rows.filter((row) => targetOf(targets, row).some((value) => !Number.isNaN(value)));
      return known.length < 2 ? [`${plural(known.length, 'row')} with a target ${known.length === 1 ? 'is' : 'are'} left`] : [];
    },
  };
}

/** Whether some numbers of a row are known and others are not. */
function isPartial(targets: Targets): boolean {
  return Array.from({ length: rowCount(targets) }, (_, row) => targetOf(targets, row)).some((target) => {
    const known = target.filter((value) => !Number.isNaN(value)).length;
    return known > 0 && known < target.length;
  });
}

/** Larger numbers, and their squares, are beyond what a model in float32 can be given. */
const LARGEST = 1e30;
/** Numbers that differ by less than this are one number to a model in float32. */
const SMALLEST_SPREAD = 1e-30;

function whatIsWrong(cell: string): string | undefined {
  if (!isNumeric(cell)) {
    if (/^\s*[+-]?(inf|infinity)\s*$/i.test(cell)) return 'is infinite, and no model can learn that';
    if (/^\s*[+-]?\d+,\d+\s*$/.test(cell)) return 'is not a number; write decimals with a point';
    return 'is not a number; data.missing lists texts that stand for a missing value';
  }
  return Math.abs(Number(cell)) > LARGEST ? `is beyond ±1e30, the largest number that a model is trained on` : undefined;
}

function columnProblems(table: Table, columns: readonly string[], targets: Targets): readonly Problem[] {
  const about = firstLine(table);
  const known = columns.map((_, column) => knownIn(targets, column));
  const empty = columns.flatMap((name, column) =>
    valueAt(known, column).length === 0 ? [{ message: `no row has a number in the column ${quoted(name)}`, ...about, field: name }] : [],
  );
  if (empty.length > 0) return empty;
  const spreads = known.map((values) => spreadOf(values));
  const tiny = columns.flatMap((name, column) => {
    const spread = valueAt(spreads, column);
    if (spread === 0 || spread >= SMALLEST_SPREAD) return [];
    return [{ message: `the numbers of the column ${quoted(name)} differ by less than 1e-30; multiply them`, ...about, field: name }];
  });
  if (tiny.length > 0 || spreads.some((spread) => spread > 0)) return tiny;
  const [first] = known;
  const message =
    columns.length === 1
      ? `all rows have the same target, ${first?.[0]}; there is nothing to learn`
      : 'every target column has the same number in all rows; there is nothing to learn';
  return [{ message, ...about, field: columns[0] ?? '' }];
}

function spreadOf(values: Float64Array): number {
  const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  return high - low;
}

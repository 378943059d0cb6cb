import { OrtrainError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { plural } from '../../core/text.ts';
import { valueAt } from '../../core/values.ts';
import { columnOf, isFiniteNumber, type Table } from '../../data/tables/index.ts';

/** Rows that have something in common. */
export interface Slice {
  /** `length`, or the name of a column. */
  readonly by: string;
  /** What they have in common, in words. */
  readonly value: string;
  readonly rows: Int32Array;
}

/** More values than these are put together: numbers into four ranges, of others the rarest. */
const MOST_VALUES = 20;
const RANGES = 4;

/**
 * The rows of a table by the values of a column, or by the length of their texts, which is meant by `length` unless a column has that name.
 * Throws a usage error where there is no such column.
 *
 * @param kept the row of the table that each row is, in the order of the rows
 * @param lengths of the texts of the rows, in characters
 */
export function slicesBy(by: string, table: Table, kept: Int32Array, lengths: readonly number[]): readonly Slice[] {
  const column = columnOf(table, by);
  if (column === undefined && by !== 'length') throw unknownColumn(by, table);
  const cells = column === undefined ? lengths.map(String) : Array.from(kept, (row) => valueAt(column, row));
  const rowsOf = new Map<string, number[]>();
  cells.forEach((cell, row) => {
    const known = rowsOf.get(cell);
    if (known === undefined) rowsOf.set(cell, [row]);
    else known.push(row);
  });
  const slice = (value: string, rows: readonly number[]): Slice => ({ by, value, rows: Int32Array.from(rows).sort() });
  const isNumbers = [...rowsOf.keys()].every((cell) => cell.trim() === '' || isFiniteNumber(cell));
  if (isNumbers && rowsOf.size > (column === undefined ? RANGES : MOST_VALUES)) return ranges(rowsOf, column === undefined, slice);
  const byRows = [...rowsOf].sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1));
  const ordered = isNumbers ? byRows.toSorted(([a], [b]) => Number(a) - Number(b)) : byRows;
  const most = ordered.length <= MOST_VALUES ? MOST_VALUES : MOST_VALUES - 1;
  const [shown, others] = [ordered.slice(0, most), ordered.slice(most)];
  return [
    ...shown.map(([cell, rows]) => slice(inWords(cell, column === undefined), rows)),
    ...(others.length === 0 ? [] : [slice(`${plural(others.length, 'other value')}`, others.flatMap(([, rows]) => rows))]),
  ];
}

/** Ranges of about as many rows each; equal numbers stay together. */
function ranges(
  rowsOf: ReadonlyMap<string, readonly number[]>,
  isLength: boolean,
  slice: (value: string, rows: readonly number[]) => Slice,
): readonly Slice[] {
  const empty = [...rowsOf].filter(([cell]) => cell.trim() === '').flatMap(([, rows]) => rows);
  const numbers = [...rowsOf].filter(([cell]) => cell.trim() !== '').sort(([a], [b]) => Number(a) - Number(b));
  const total = numbers.reduce((sum, [, rows]) => sum + rows.length, 0);
  const groups = new Map<number, (readonly [string, readonly number[]])[]>();
  let before = 0;
  for (const [cell, rows] of numbers) {
    const group = Math.min(RANGES - 1, Math.floor((RANGES * before) / total));
    groups.set(group, [...(groups.get(group) ?? []), [cell, rows]]);
    before += rows.length;
  }
  const made = [...groups.values()].map((members) => {
    const [low, high] = [members[0]?.[0] ?? '', members.at(-1)?.[0] ?? ''];
    const value = low === high ? low : `${low} to ${high}`;
    return slice(isLength ? `${value} characters` : value, members.flatMap(([, rows]) => rows));
  });
  return empty.length === 0 ? made : [...made, slice(inWords('', false), empty)];
}

function inWords(cell: string, isLength: boolean): string {
  if (isLength) return `${cell} characters`;
  return cell.trim() === '' ? '(empty)' : cell;
}

function unknownColumn(by: string, { columns, file }: Table): OrtrainError {
  const near = nearest(by, [...columns, 'length']);
  return new OrtrainError('usage', `--by ${by}: ${file} has no column ${JSON.stringify(by)}`, {
    subject: by,
    remedy: near === undefined ? `Name one of ${columns.join(', ')}, or length.` : `Did you mean ${near}?`,
  });
}

import type { Colors } from '../../terminal.ts';
import { widthOf, wrapped } from './width.ts';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Sentences, which may go over several lines. */
  readonly isProse?: boolean;
}

export const left = (title: string): Column => ({ title, align: 'left' });
export const right = (title: string): Column => ({ title, align: 'right' });
export const prose = (title: string): Column => ({ title, align: 'left', isProse: true });

type Rows = readonly (readonly string[])[];

/**
 * Columns under their titles, without lines, so that it pastes well and reads in a log. No cell is cut off: where a terminal is too
 * narrow, prose goes over several lines, then columns that do not fit stand in a second table below, with the first columns repeated, as
 * many as tell the rows apart, and where that leaves no room or would take many tables, each row becomes a paragraph.
 */
export function table(columns: readonly Column[], rows: Rows, colors: Colors): string {
  const room = (colors.columns ?? Infinity) - INDENT;
  const widths = columns.map(({ title }, i) => rows.reduce((most, row) => Math.max(most, cellWidth(row[i])), widthOf(title)));
  const fitting = narrowed(columns, widths, room);
  if (fitting !== undefined) return grid(columns, rows, fitting, colors);
  const tables = tablesOf(widths, keyColumns(rows), room);
  if (tables === undefined || tables.length > MOST_TABLES) return paragraphs(columns, rows, room, colors);
  return tables
    .map((of) => {
      const part = of.map((i) => columns[i] as Column);
      const partWidths = of.map((i) => widths[i] ?? 0);
      return grid(
        part,
        rows.map((row) => of.map((i) => row[i] ?? '')),
        narrowed(part, partWidths, room) ?? partWidths,
        colors,
      );
    })
    .join('\n\n');
}

/** Tables stand in sections, which are indented. */
const INDENT = 2;
const GAP = 2;
/** A column of prose is not made narrower than this. */
const LEAST_PROSE = 24;
/** Nobody follows a row through more tables. */
const MOST_TABLES = 3;

/** The widths, with prose as wide as there is room; undefined where that is too little. */
function narrowed(columns: readonly Column[], widths: readonly number[], room: number): readonly number[] | undefined {
  const excess = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - room;
  if (excess <= 0) return widths;
  const widest = columns.reduce((best, { isProse }, i) => (isProse === true && (widths[i] ?? 0) > (widths[best] ?? -1) ? i : best), -1);
  const width = (widths[widest] ?? 0) - excess;
  return width < LEAST_PROSE ? undefined : widths.map((of, i) => (i === widest ? width : of));
}

/** How many columns, from the left, it takes to tell the rows apart; one where nothing does. */
function keyColumns(rows: Rows): number {
  const columns = rows[0]?.length ?? 0;
  const tellsApart = (count: number): boolean => new Set(rows.map((row) => JSON.stringify(row.slice(0, count)))).size === rows.length;
  return Array.from({ length: columns }, (_, i) => i + 1).find(tellsApart) ?? 1;
}

/**
 * Columns for each table, the first `keys` in all of them; undefined where those leave no room for the others. Prose takes what is left.
 */
function tablesOf(widths: readonly number[], keys: number, room: number): readonly (readonly number[])[] | undefined {
  const key = widths.slice(0, keys).reduce((sum, width) => sum + width, GAP * (keys - 1));
  if (keys === widths.length) return undefined;
  const tables: number[][] = [];
  let left = 0;
  for (const [i, width] of widths.slice(keys).entries()) {
    const takes = width + GAP;
    if (takes > room - key) return undefined;
    if (tables.length === 0 || takes > left) {
      tables.push(Array.from({ length: keys }, (_, k) => k));
      left = room - key;
    }
    tables.at(-1)?.push(i + keys);
    left -= takes;
  }
  return tables;
}

function grid(columns: readonly Column[], rows: Rows, widths: readonly number[], colors: Colors): string {
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => aligned(cell, widths[i] ?? 0, columns[i]?.align))
      .join(' '.repeat(GAP))
      .trimEnd();
  const lines = (row: readonly string[]): readonly string[] => {
    const cells = row.map((cell, i) =>
      columns[i]?.isProse === true ? cell.split('\n').flatMap((part) => wrapped(part, widths[i] ?? 0)) : cell.split('\n'),
    );
    return Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, i) => line(cells.map((parts) => parts[i] ?? '')));
  };
  return [line(columns.map(({ title }) => colors.dim(title))), ...rows.flatMap(lines)].join('\n');
}

function aligned(cell: string, width: number, align: Column['align'] | undefined): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(cell)));
  return align === 'right' ? space + cell : cell + space;
}

/** The first cell of a row, and below it the others with their titles, as many in a line as fit. */
function paragraphs(columns: readonly Column[], rows: Rows, room: number, colors: Colors): string {
  return rows
    .map(([first = '', ...cells]) => {
      const titled = cells.flatMap((cell, i) => {
        const title = columns[i + 1]?.title ?? '';
        return cell.trim() === '' ? [] : [`${title === '' ? '' : `${colors.dim(title)} `}${cell.trim()}`];
      });
      const lines: string[] = [];
      for (const item of titled) {
        const joined = `${lines.at(-1) ?? ''}${SEPARATOR}${item}`;
        if (lines.length > 0 && widthOf(joined) <= room - GAP) lines[lines.length - 1] = joined;
        else lines.push(item);
      }
      return [
        first,
        ...lines
          .flatMap((item) => item.split('\n').flatMap((part) => wrapped(part, room - GAP)))
          .map((item) => `${' '.repeat(GAP)}${item}`),
      ].join('\n');
    })
    .join('\n');
}

const SEPARATOR = ' · ';

function cellWidth(cell: string | undefined): number {
  return cell === undefined ? 0 : Math.max(...cell.split('\n').map(widthOf));
}

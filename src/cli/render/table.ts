import Table from 'cli-table3';
import type { Colors } from '../terminal.ts';

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

export const left = (title: string): Column => ({ title, align: 'left' });
export const right = (title: string): Column => ({ title, align: 'right' });

/** Columns under their titles, without lines, so that it pastes well and reads in a log. No cell is cut off. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], colors: Colors): string {
  const grid = new Table({
    head: columns.map(({ title }) => colors.dim(title)),
    colAligns: columns.map(({ align }) => align),
    chars: Object.fromEntries(LINES.map((name) => [name, ''])),
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
  });
  grid.push(...rows.map((row) => [...row]));
  return grid.toString().replace(/[ ]+$/gm, '');
}

const LINES = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
];

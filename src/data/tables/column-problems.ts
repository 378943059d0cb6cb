import type { Problem } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { quoted, quotedList } from '../problems.ts';
import type { Table } from './table.ts';
import { headerless, looksLikeRow } from './header.ts';

/** Key of the configuration to the column that it names, or to several. */
export type NamedColumns = Readonly<Record<string, string | readonly string[] | null>>;

/** The configuration's columns that the table lacks, or that hold no text, and the rows that have no value for them. */
export function columnProblems(table: Table, named: NamedColumns): Problem[] {
  if (missingOf(table, named).length > 0 && isHeaderless(table)) return [{ message: headerless(table.columns).message, line: 1 }];
  return namesOf(named).flatMap(([key, name]): Problem[] => {
    if (table.columns.includes(name)) return unusableProblems(table, key, name);
    const suggestion = nearest(name, table.columns);
    const message = `there is no column ${quoted(name)}, which ${key} names; the columns are ${quotedList(table.columns)}`;
    return [{ message, ...firstLine(table), field: name, ...(suggestion === undefined ? {} : { suggestion }) }];
  });
}

/** What to do about problems of a table with the configuration. */
export function remedyFor(table: Table, named: NamedColumns, problems: readonly Problem[]): string {
  const missing = missingOf(table, named);
  if (missing.length > 0 && isHeaderless(table)) return headerless(table.columns).remedy;
  const names = missing.filter((name) => table.columns.some((column) => column !== name && column.trim() === name.trim()));
  if (names.length > 0 && table.columns[0]?.startsWith('\ufeff') === true)
    return 'The file begins with two byte order marks: take one out.';
  if (names.length > 0)
    return 'The names in the header have spaces around them: take these out of the file, or write them in quotes in the configuration too.';
  const braced = namesOf(named).filter(([, name]) => missing.includes(name) && /[{}]/.test(name));
  if (braced.length > 0 && braced.every(([key]) => key !== 'data.text'))
    return `Only data.text takes templates: give what ${braced[0]?.[0]} is made of a column of its own, and name that column.`;
  if (braced.length > 0)
    return 'A template names a column in single braces: "{keyword}: {text}". Double braces stand for braces.';
  if (missing.some((name) => isInside(table, name)))
    return 'A nested value is not a column: give it a column of its own, as pandas.json_normalize does, and name that column.';
  const inRows = problems.some(({ row }) => row !== undefined) || missing.length === 0;
  const own = otherColumns(named, problems);
  return inRows ? `Correct these rows, or ${own}` : `N${own.slice(1)}`;
}

/** Columns that divide the rows, or weigh them, are named in one place; those of a table also in the table's own object. */
function otherColumns(named: NamedColumns, problems: readonly Problem[]): string {
  const wrong = new Set(problems.map(({ field }) => field));
  const keys = new Set(namesOf(named).flatMap(([key, name]) => (wrong.has(name) ? [key] : [])));
  const dividing = [...keys].filter((key) => key.startsWith('split.') || key === 'data.weight');
  if (keys.size > 0 && dividing.length === keys.size) return `name another column in ${dividing.join(' and ')}.`;
  const also = dividing.length === 0 ? '' : ` Likewise name another column in ${dividing.join(' and ')}.`;
  return (
    'name other columns in data.id, data.text and data.target, or for one table in its own object, ' +
    `such as data.test: { path, id, text }.${also}`
  );
}

function namesOf(named: NamedColumns): readonly (readonly [key: string, name: string])[] {
  return Object.entries(named).flatMap(([key, names]) => [names ?? []].flat().map((name) => [key, name] as const));
}

function missingOf(table: Table, named: NamedColumns): readonly string[] {
  return namesOf(named).flatMap(([, name]) => (table.columns.includes(name) ? [] : [name]));
}

/** Whether a name is that of a part of a column, as in `user.name` or `user[0]`. */
function isInside(table: Table, name: string): boolean {
  const outer = /^([^.[]+)[.[]/.exec(name)?.[1];
  return outer !== undefined && table.columns.includes(outer);
}

function isHeaderless(table: Table): boolean {
  return table.headerless === false && table.lines.length > 0 && table.absent === undefined && looksLikeRow(table.columns, table.rows);
}

function unusableProblems(table: Table, key: string, name: string): Problem[] {
  const why = table.unusable?.get(name);
  if (why !== undefined) return [{ message: `the column ${quoted(name)}, which ${key} names, cannot be used: ${why}`, field: name }];
  return (table.absent?.get(name) ?? []).map((row) => ({
    message: `the key ${quoted(name)}, which ${key} names, is not there`,
    row,
    field: name,
  }));
}

/** A file without lines has no first one. */
export function firstLine(table: Table): { readonly line?: number } {
  return table.lines.length === 0 && table.rows.length > 0 ? {} : { line: 1 };
}

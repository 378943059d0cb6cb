import type { Problem } from '../core/errors.ts';
import { columnProblems, firstLine, remedyFor, type NamedColumns } from './column-problems.ts';
import { cleaned, type CleanedExamples, type CleaningOptions } from './cleaning.ts';
import { canonical, decimalOf, isNumeric } from './decimal.ts';
import type { Examples, LabelledExamples } from './example-rows.ts';
import { groupsBy, type Groups } from './groups.ts';
import { sortedValues } from './ordering.ts';
import { counted, dataError, quoted } from './problems.ts';
import { columnOf, readTable, type Table, type TableFile } from './table.ts';

/** Names of the columns; without an id column the ids are row numbers from 0. */
export interface ExampleColumns {
  readonly id: string | null;
  readonly text: string;
}

export interface LabelledColumns extends ExampleColumns {
  readonly target: string;
}

export interface TrainOptions extends LabelledColumns, CleaningOptions {
  /** `text` for the rows with the same text, otherwise a column for those with the same value there; null: no groups. */
  readonly group_by?: string | null;
}

/** What is left of labelled rows once they are cleaned. */
export interface TrainExamples extends CleanedExamples {
  /** Which rows stay in one fold; null: each by itself. */
  readonly groups: Groups | null;
}

/** `trainExamples` of a file. */
export async function readTrainExamples(file: string | TableFile, options: TrainOptions): Promise<TrainExamples> {
  return trainExamples(await readTable(file), options);
}

/** `unlabelledExamples` of a file. */
export async function readTestExamples(file: string | TableFile, columns: ExampleColumns): Promise<Examples> {
  return unlabelledExamples(await readTable(file), columns);
}

/** `labelledExamples`, cleaned and grouped. A `data` error also where cleaning leaves too little of a class. */
export function trainExamples(table: Table, options: TrainOptions): TrainExamples {
  const groupColumn = options.group_by === 'text' ? options.text : (options.group_by ?? null);
  const examples = cleaned(labelledExamples(table, options, groupColumn), options);
  throwIfTooFewAreLeft(table.file, examples);
  if (groupColumn === null) return { ...examples, groups: null };
  const values = columnOf(table, groupColumn) ?? [];
  return { ...examples, groups: groupsBy(Array.from(examples.rows, (row) => values[row]!), sortedValues) };
}

/** Texts and ids of a table; other columns are not looked at. Everything that is wrong with them comes in one `data` error. */
export function unlabelledExamples(table: Table, { id, text }: ExampleColumns): Examples {
  const named = { 'data.id': id, 'data.text': text };
  report(table, named, besides(columnProblems(table, named), idProblems(table, id)));
  return { ids: idsOf(table, id), texts: columnOf(table, text) ?? [] };
}

/** Texts, ids and classes of a table. Everything that is wrong with them, or that there is no `group` column, comes in one `data` error. */
export function labelledExamples(table: Table, { id, text, target }: LabelledColumns, group: string | null = null): LabelledExamples {
  const targets = columnOf(table, target) ?? [];
  const rowsOf = rowsByValue(targets);
  const classes = sortedValues([...rowsOf.keys()]);
  const columns = { 'data.id': id, 'data.text': text, 'data.target': target, 'split.group_by': group };
  report(table, columns, besides(columnProblems(table, columns), [...textProblems(table, text), ...idProblems(table, id), ...targetProblems(table, target, rowsOf, classes)]));
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  return { ids: idsOf(table, id), texts: columnOf(table, text) ?? [], labels: Int32Array.from(targets, (value) => labelOf.get(value)!), classes };
}

/** A target with more classes than this, and fewer than two rows a class on average, is not one of classes. */
const MANY_CLASSES = 20;

function report(table: Table, named: NamedColumns, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lineOf = (row: number | undefined): { readonly line?: number } => (row === undefined || table.lines[row - 1] === undefined ? {} : { line: table.lines[row - 1]! });
  const placed = problems.map((problem) => ({ file: table.file, ...lineOf(problem.row), ...problem }));
  throw dataError(`${table.file} does not fit the configuration: ${counted(problems.length, 'problem')}`, table.file, placed, remedyFor(table, named, problems));
}

/** Rows that lack a key are told once, and not for what is missing in them. */
function besides(absences: readonly Problem[], others: readonly Problem[]): readonly Problem[] {
  const told = new Set(absences.map(({ row, field }) => `${row} ${field}`));
  return [...absences, ...others.filter(({ row, field }) => row === undefined || !told.has(`${row} ${field}`))];
}

function textProblems(table: Table, text: string): Problem[] {
  const texts = columnOf(table, text) ?? [];
  return texts.length > 0 && table.unusable?.has(text) !== true && texts.every((value) => value.trim() === '') ? [{ message: 'all texts are empty', ...firstLine(table), field: text }] : [];
}

function throwIfTooFewAreLeft(file: string, { labels, classes, cleaning }: CleanedExamples): void {
  const left = new Int32Array(classes.length);
  for (const label of labels) left[label]!++;
  const fewest = classes.length === 2 ? 2 : 1;
  const problems = classes.flatMap((name, label) =>
    left[label]! < fewest ? [{ message: `of the class ${quoted(name)} ${left[label] === 0 ? 'no row is' : 'only one row is'} left`, file }] : [],
  );
  if (problems.length === 0) return;
  const without = `${counted(cleaning.conflicting, 'row')} with conflicting classes and ${cleaning.duplicate} with repeated texts`;
  throw dataError(`${file} is too little without ${without}`, file, problems, 'Set data.conflicts or data.duplicates to keep.');
}

function idsOf(table: Table, id: string | null): readonly string[] {
  return id === null ? table.rows.map((_, row) => String(row)) : (columnOf(table, id) ?? []);
}

function idProblems(table: Table, id: string | null): Problem[] {
  if (id === null) return [];
  const firstRow = new Map<string, number>();
  return (columnOf(table, id) ?? []).flatMap((value, i) => {
    const row = i + 1;
    if (value === '') return [{ message: 'the id is empty', row, field: id }];
    const earlier = firstRow.get(value);
    if (earlier !== undefined) return [{ message: `the id ${quoted(value)} also stands in row ${earlier}`, row, field: id }];
    firstRow.set(value, row);
    return [];
  });
}

function targetProblems(table: Table, target: string, rowsOf: ReadonlyMap<string, readonly number[]>, classes: readonly string[]): Problem[] {
  if (classes.length === 0) return [];
  const about = { ...firstLine(table), field: target };
  if (classes.length === 1) return [{ message: `all rows have the same target, ${quoted(classes[0]!)}; there is nothing to tell apart`, ...about }];
  if (classes.length > MANY_CLASSES && classes.length * 2 > table.rows.length) {
    return [{ message: `the target has ${classes.length} different values in ${table.rows.length} rows, so it does not hold classes`, ...about }];
  }
  const empty = classes.filter((name) => name.trim() === '').flatMap((name) => rowsOf.get(name)!);
  return [
    ...empty.map((row) => ({ message: 'the target is empty', row, field: target })),
    ...(classes.length === 2 ? loneRows(target, rowsOf, classes) : []),
    ...spellingProblems(target, rowsOf, classes),
  ];
}

/** Of more than two classes one may have a single row, though not of two. */
function loneRows(target: string, rowsOf: ReadonlyMap<string, readonly number[]>, classes: readonly string[]): Problem[] {
  return classes
    .filter((name) => name.trim() !== '' && rowsOf.get(name)!.length === 1)
    .map((name) => ({ message: `the class ${quoted(name)} has only this row, which cannot be in training and in validation`, row: rowsOf.get(name)![0]!, field: target }));
}

/** Whole numbers with zeros before them are written so on purpose, as in `01` beside `1`. */
const isCode = (name: string): boolean => /^0\d+$/.test(name);

/** Classes that differ only in spaces around them, in how a number is written, or in whether an accent is a character of its own. */
function spellingProblems(target: string, rowsOf: ReadonlyMap<string, readonly number[]>, classes: readonly string[]): Problem[] {
  const firstSpelling = new Map<string, string>();
  return classes.flatMap((name) => {
    const meaning = isNumeric(name) && !isCode(name) ? canonical(decimalOf(name)) : name.trim().normalize('NFC');
    const other = firstSpelling.get(meaning);
    if (meaning === '') return [];
    if (other !== undefined) {
      return [{ message: `the classes ${quoted(other)} (${rowList(rowsOf.get(other)!)}) and ${quoted(name)} (${rowList(rowsOf.get(name)!)}) are the same value written in two ways`, field: target }];
    }
    firstSpelling.set(meaning, name);
    return [];
  });
}

/** `row 3`, `rows 3, 8` or `rows 3, 8, 9 and 12 more`. */
function rowList(rows: readonly number[]): string {
  const shown = rows.slice(0, 3).join(', ');
  return `row${rows.length === 1 ? '' : 's'} ${shown}${rows.length > 3 ? ` and ${rows.length - 3} more` : ''}`;
}

/** Value to its data rows, from 1. */
function rowsByValue(values: readonly string[]): Map<string, number[]> {
  const rows = new Map<string, number[]>();
  values.forEach((value, i) => {
    const known = rows.get(value);
    if (known === undefined) rows.set(value, [i + 1]);
    else known.push(i + 1);
  });
  return rows;
}

import { targetColumns } from '../../config/index.ts';
import { valueAt } from '../../core/values.ts';
import type { Problem } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import {
  columnOf,
  columnProblems,
  firstLine,
  readTable,
  remedyFor,
  requiredColumn,
  type NamedColumns,
  type Table,
  type TableFile,
} from '../tables/index.ts';
import { cleaned, type CleanedExamples, type CleaningOptions } from './cleaning.ts';
import { valuesAt, withWeights, type Examples, type LabelledExamples } from './example-rows.ts';
import { groupsBy, type Groups } from './groups.ts';
import { sortedValues } from './ordering.ts';
import { dataError, quoted } from '../problems.ts';
import { textColumns, textKeys, textsIn, type TextColumns } from '../texts/index.ts';
import type { TargetReader } from './targets.ts';
import { areAllZero, readLearnedWeights } from './weights.ts';

/** Names of the columns; without an id column the ids are row numbers from 0. */
export interface ExampleColumns {
  readonly id: string | null;
  readonly text: TextColumns;
}

export interface LabelledColumns extends ExampleColumns {
  /** A column, or several that hold the target together. */
  readonly target: string | readonly string[];
  /** What a row weighs in what is learned; null, or left out: all rows count alike. */
  readonly weight?: string | null;
}

export interface TrainOptions extends LabelledColumns, CleaningOptions {
  /** `text` for the rows with the same text, otherwise a column for those with the same value there; null: no groups. */
  readonly group_by?: string | null;
  /** Other columns by which the rows are divided, by the keys that name them. */
  readonly divided_by?: NamedColumns;
}

/** What is left of labelled rows once they are cleaned. */
export interface TrainExamples<T> extends CleanedExamples<T> {
  /** The rows before they are cleaned. */
  readonly all: LabelledExamples<T>;
  /** Which rows stay in one fold; null: each by itself. */
  readonly groups: Groups | null;
}

/** `trainExamples` of a file. */
export async function readTrainExamples<T>(
  file: string | TableFile,
  options: TrainOptions,
  reader: TargetReader<T>,
): Promise<TrainExamples<T>> {
  return trainExamples(await readTable(file), options, reader);
}

/** `labelledExamples`, cleaned and grouped. A `data` error also where cleaning leaves too little. */
export function trainExamples<T>(table: Table, options: TrainOptions, reader: TargetReader<T>): TrainExamples<T> {
  const { group_by: by = null, divided_by: others = {} } = options;
  const groupColumn = by === 'text' ? null : by;
  const all = labelledExamples(table, options, reader, { 'split.group_by': groupColumn, ...others });
  const examples = { all, ...cleaned(all, options) };
  throwIfTooFewAreLeft(table.file, examples, reader);
  const values = by === 'text' ? textKeys(all.texts) : groupColumn === null ? null : requiredColumn(table, groupColumn);
  return { ...examples, groups: values === null ? null : rowGroups(values, examples.rows) };
}

/** The groups of rows that have the same value, [rows], numbered in the order of the values. */
export function rowGroups(values: readonly string[], rows: Int32Array): Groups {
  return groupsBy(valuesAt(values, rows), sortedValues);
}

/** Texts and ids of a table; other columns are not looked at. Everything that is wrong with them comes in one `data` error. */
export function unlabelledExamples(table: Table, { id, text }: ExampleColumns): Examples {
  const named = { 'data.id': id, 'data.text': textColumns(text) };
  report(table, named, besides(columnProblems(table, named), idProblems(table, id)));
  return { ids: idsOf(table, id), texts: textsIn(table, text) };
}

/** Texts, ids and targets of a table. All that is wrong with them, or with the columns that divide the rows, comes in one `data` error. */
export function labelledExamples<T>(
  table: Table,
  { id, text, target, weight = null }: LabelledColumns,
  reader: TargetReader<T>,
  dividedBy: NamedColumns = {},
): LabelledExamples<T> {
  const targets = targetColumns(target);
  const { problems, ...read } = reader.read(table, targets);
  const weights = weight === null ? undefined : readLearnedWeights(table, weight);
  const columns = { 'data.id': id, 'data.text': textColumns(text), 'data.target': targets, 'data.weight': weight, ...dividedBy };
  const found = [...textProblems(table, text), ...idProblems(table, id), ...problems, ...(weights?.problems ?? [])];
  report(table, columns, besides(columnProblems(table, columns), found));
  return { ids: idsOf(table, id), texts: textsIn(table, text), ...read, ...withWeights(weights?.weights) };
}

function report(table: Table, named: NamedColumns, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lineOf = (row: number | undefined): { readonly line?: number } =>
    row === undefined || table.lines[row - 1] === undefined ? {} : { line: valueAt(table.lines, row - 1) };
  const placed = problems.map((problem) => ({ file: table.file, ...lineOf(problem.row), ...problem }));
  throw dataError(
    `${table.file} does not fit the configuration: ${plural(problems.length, 'problem')}`,
    table.file,
    placed,
    remedyFor(table, named, problems),
  );
}

/** Rows that lack a key are told once, and not for what is missing in them. */
function besides(absences: readonly Problem[], others: readonly Problem[]): readonly Problem[] {
  const told = new Set(absences.map(({ row, field }) => `${row} ${field}`));
  return [...absences, ...others.filter(({ row, field }) => row === undefined || !told.has(`${row} ${field}`))];
}

function textProblems(table: Table, text: TextColumns): Problem[] {
  const columns = textColumns(text);
  const values = columns.map((column) => (table.unusable?.has(column) === true ? undefined : columnOf(table, column)));
  const [field] = columns;
  return field !== undefined && table.rows.length > 0 && values.every((column) => column?.every((value) => value.trim() === '') === true)
    ? [{ message: 'all texts are empty', ...firstLine(table), field }]
    : [];
}

function throwIfTooFewAreLeft<T>(file: string, { targets, task, cleaning, weights }: CleanedExamples<T>, reader: TargetReader<T>): void {
  const weighNothing = weights !== undefined && areAllZero(weights) ? ['all rows that are left have the weight 0'] : [];
  const problems = [...reader.missing(targets, task), ...weighNothing].map((message): Problem => ({ message, file }));
  if (problems.length === 0) return;
  const { conflicting, duplicate, unlabelled } = cleaning;
  const unknown = unlabelled === undefined ? '' : `, ${unlabelled} without a target`;
  const without = `${plural(conflicting, 'row')} with conflicting targets and ${duplicate} with repeated texts${unknown}`;
  throw dataError(`${file} is too little without ${without}`, file, problems, 'Set data.conflicts or data.duplicates to keep.');
}

function idsOf(table: Table, id: string | null): readonly string[] {
  return id === null ? table.rows.map((_, row) => String(row)) : requiredColumn(table, id);
}

function idProblems(table: Table, id: string | null): Problem[] {
  if (id === null) return [];
  const firstRow = new Map<string, number>();
  return (columnOf(table, id) ?? []).flatMap((value, i) => {
    const row = i + 1;
    if (value === '') return [{ message: 'the id is empty', row, field: id }];
    const earlier = firstRow.get(value);
    if (earlier !== undefined) return [{ message: `the id ${quoted(value)} is already used in row ${earlier}`, row, field: id }];
    firstRow.set(value, row);
    return [];
  });
}

import type { Problem } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { plural } from '../../core/text.ts';
import { columnOf, isFiniteNumber, isInteger, type Table } from '../tables/index.ts';
import { dataError, quoted, quotedList } from '../problems.ts';
import { misfitRemedy } from './sample-id.ts';

/** The rows that were predicted. */
export interface PredictedRows {
  /** Where the ids come from, for messages. */
  readonly file: string;
  readonly ids: readonly string[];
}

/** A column of the sample, beside the id. */
export interface SampleColumn {
  readonly name: string;
  readonly values: readonly string[];
}

/** What goes into a column for a row of the predictions. */
export type ValueWriter = (row: number, column: string) => string | number;

/** A table to write. */
export interface Submission {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/**
 * The predictions in the sample's columns and in the order of its rows. A column without a name stays as it is. A `data` error
 * where ids or columns do not fit.
 *
 * @param id the id column; null takes the sample's first
 * @param valuesFor what to write into the columns beside the id, or why nothing fits, as a sentence
 */
export function buildSubmission(
  sample: Table,
  predictions: PredictedRows,
  id: string | null,
  valuesFor: (columns: readonly SampleColumn[]) => ValueWriter | string,
): Submission {
  const idColumn = id ?? sample.columns[0] ?? '';
  const problems = idProblems(sample, predictions, idColumn);
  const valueColumns = valuesBeside(sample, idColumn);
  const value = valuesFor(valueColumns.map((name) => ({ name, values: columnOf(sample, name) ?? [] })));
  if (typeof value === 'string' || problems.length > 0) {
    const all = typeof value === 'string' ? [{ message: value, file: sample.file, line: 1 }, ...problems] : problems;
    throw dataError(
      `the predictions do not fit ${sample.file}: ${plural(all.length, 'problem')}`,
      sample.file,
      all,
      misfitRemedy(sample, predictions, idColumn),
    );
  }
  const rowOf = new Map(predictions.ids.map((name, row) => [name, row]));
  const ids = columnOf(sample, idColumn) ?? [];
  const isUnnamed = (column: string): boolean => sample.unnamed?.has(column) === true;
  return {
    columns: sample.columns.map((column) => (isUnnamed(column) ? '' : column)),
    rows: ids.map((name, row) =>
      sample.columns.map((column, place) =>
        column === idColumn ? name : isUnnamed(column) ? sample.rows[row]![place]! : value(rowOf.get(name)!, column),
      ),
    ),
  };
}

/**
 * Checks a submission against the sample: columns, number of rows, ids and their order, duplicate ids, and numbers where
 * the sample has numbers (integers where it has integers). Everything that differs comes in one `data` error.
 */
export function checkSubmission(submission: Table, sample: Table, id: string | null): void {
  const sameColumns = JSON.stringify(submission.columns) === JSON.stringify(sample.columns);
  const problems = sameColumns
    ? [...rowProblems(submission, sample, id), ...valueProblems(submission, sample, id)]
    : [columnProblem(submission, sample)];
  if (problems.length === 0) return;
  const placed = problems.map((problem) => ({
    file: submission.file,
    ...(problem.row === undefined ? {} : { line: submission.lines[problem.row - 1]! }),
    ...problem,
  }));
  const remedy = 'A submission has the columns and ids of the sample, in its order.';
  throw dataError(`${submission.file} differs from ${sample.file}: ${plural(problems.length, 'problem')}`, submission.file, placed, remedy);
}

/** The columns that predictions go into. One without a name is as in the sample. */
function valuesBeside(sample: Table, id: string | undefined): readonly string[] {
  return sample.columns.filter((name) => name !== id && sample.unnamed?.has(name) !== true);
}

/** Ids that the sample and the predictions do not share, or have twice. */
function idProblems(sample: Table, predictions: PredictedRows, idColumn: string): Problem[] {
  const sampleIds = columnOf(sample, idColumn);
  if (sampleIds === undefined) {
    const suggestion = nearest(idColumn, sample.columns);
    const message = `there is no id column ${quoted(idColumn)}; the columns are ${quotedList(sample.columns)}`;
    return [{ message, file: sample.file, line: 1, ...(suggestion === undefined ? {} : { suggestion }) }];
  }
  const [asked, predicted] = [new Set(sampleIds), new Set(predictions.ids)];
  return [
    ...duplicates(sampleIds).map(({ id, row }) => ({
      message: `the id ${quoted(id)} occurs again`,
      file: sample.file,
      row,
      line: sample.lines[row - 1]!,
      field: idColumn,
    })),
    ...duplicates(predictions.ids).map(({ id, row }) => ({ message: `the id ${quoted(id)} occurs again`, file: predictions.file, row })),
    ...rowsWhere(sampleIds, (id) => !predicted.has(id)).map(({ id, row }) => ({
      message: `there is no prediction for the id ${quoted(id)}`,
      file: sample.file,
      row,
      line: sample.lines[row - 1]!,
      field: idColumn,
    })),
    ...rowsWhere(predictions.ids, (id) => !asked.has(id)).map(({ id, row }) => ({
      message: `the id ${quoted(id)} is not in ${sample.file}`,
      file: predictions.file,
      row,
    })),
  ];
}

function columnProblem(submission: Table, sample: Table): Problem {
  return { message: `the columns are ${quotedList(submission.columns)} instead of ${quotedList(sample.columns)}`, line: 1 };
}

function rowProblems(submission: Table, sample: Table, id: string | null): Problem[] {
  const field = id ?? sample.columns[0] ?? '';
  const [ids, expected] = [columnOf(submission, field) ?? [], columnOf(sample, field) ?? []];
  const [present, asked] = [new Set(ids), new Set(expected)];
  const problems: Problem[] = [
    ...(ids.length === expected.length ? [] : [{ message: `there are ${plural(ids.length, 'row')} instead of ${expected.length}` }]),
    ...duplicates(ids).map(({ id: name, row }) => ({ message: `the id ${quoted(name)} occurs again`, row, field })),
    ...rowsWhere(ids, (name) => !asked.has(name)).map(({ id: name, row }) => ({
      message: `the id ${quoted(name)} is not in the sample`,
      row,
      field,
    })),
    ...rowsWhere(expected, (name) => !present.has(name)).map(({ id: name, row }) => ({
      message: `the id ${quoted(name)} of the sample's row ${row} is missing`,
      field,
    })),
  ];
  if (problems.length > 0) return problems;
  return rowsWhere(ids, (name, i) => name !== expected[i]).map(({ id: name, row }) => ({
    message: `the id is ${quoted(name)} instead of ${quoted(expected[row - 1]!)}`,
    row,
    field,
  }));
}

function valueProblems(submission: Table, sample: Table, id: string | null): Problem[] {
  const valueColumns = valuesBeside(sample, id ?? sample.columns[0]);
  return valueColumns.flatMap((field) => {
    const { fits, kind } = valueKind(columnOf(sample, field) ?? [], valueColumns.length);
    return rowsWhere(columnOf(submission, field) ?? [], (value) => !fits(value)).map(({ id: value, row }) => ({
      message: `${quoted(value)} is not ${kind}`,
      row,
      field,
    }));
  });
}

/** What a column's values have to be, by the sample's. Where there is a column a class, integers stand for probabilities too. */
function valueKind(sampled: readonly string[], valueColumns: number): { readonly fits: (value: string) => boolean; readonly kind: string } {
  if (valueColumns === 1 && sampled.every(isInteger)) return { fits: isInteger, kind: 'an integer' };
  if (sampled.every(isFiniteNumber)) return { fits: isFiniteNumber, kind: 'a number' };
  return { fits: (value) => value !== '', kind: 'a value' };
}

interface IdInRow {
  readonly id: string;
  /** From 1. */
  readonly row: number;
}

function rowsWhere(ids: readonly string[], chosen: (id: string, index: number) => boolean): IdInRow[] {
  return ids.flatMap((id, i) => (chosen(id, i) ? [{ id, row: i + 1 }] : []));
}

/** Every occurrence of an id after its first. */
function duplicates(ids: readonly string[]): IdInRow[] {
  const firstIndex = new Map([...ids.entries()].reverse().map(([i, id]) => [id, i]));
  return rowsWhere(ids, (id, i) => firstIndex.get(id) !== i);
}

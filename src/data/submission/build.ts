import { lookup, valueAt } from '../../core/values.ts';
import type { Problem } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { plural } from '../../core/text.ts';
import { dataError, quoted, quotedList } from '../problems.ts';
import { columnOf, type Table } from '../tables/index.ts';
import { duplicates, rowsWhere, valueColumns } from './columns.ts';
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

/** How a configuration wants cells that list names; null where it leaves that to the sample. */
export interface ListOptions {
  /** How many of the most probable names a cell lists; null: as many as those of the sample. */
  readonly top: number | null;
  /** What separates the names in a cell; null: what does so in the sample. */
  readonly separator: string | null;
}

/** What a configuration says about the columns beside the id. */
export interface AskedValues extends ListOptions {
  /** By column what it holds: `prediction`, `probability`, `score`, `probability:<name>`, or a target column. */
  readonly columns: Readonly<Record<string, string>>;
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
  const idColumn = id ?? valueAt(sample.columns, 0);
  const problems = idProblems(sample, predictions, idColumn);
  const value = valuesFor(sampleColumns(sample, idColumn));
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
        column === idColumn ? name : isUnnamed(column) ? valueAt(valueAt(sample.rows, row), place) : value(lookup(rowOf, name), column),
      ),
    ),
  };
}

/** The columns of a sample that predictions go into. */
export function sampleColumns(sample: Table, id: string): readonly SampleColumn[] {
  return valueColumns(sample, id).map((name) => ({ name, values: columnOf(sample, name) ?? [] }));
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
      line: valueAt(sample.lines, row - 1),
      field: idColumn,
    })),
    ...duplicates(predictions.ids).map(({ id, row }) => ({ message: `the id ${quoted(id)} occurs again`, file: predictions.file, row })),
    ...rowsWhere(sampleIds, (id) => !predicted.has(id)).map(({ id, row }) => ({
      message: `there is no prediction for the id ${quoted(id)}`,
      file: sample.file,
      row,
      line: valueAt(sample.lines, row - 1),
      field: idColumn,
    })),
    ...rowsWhere(predictions.ids, (id) => !asked.has(id)).map(({ id, row }) => ({
      message: `the id ${quoted(id)} is not in ${sample.file}`,
      file: predictions.file,
      row,
    })),
  ];
}

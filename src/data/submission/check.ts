import { valueAt } from '../../core/values.ts';
import type { Problem } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import { dataError, quoted, quotedList } from '../problems.ts';
import { columnOf, isFiniteNumber, isInteger, type Table } from '../tables/index.ts';
import { duplicates, rowsWhere, valueColumns } from './columns.ts';

type HeldTo = (column: string) => 'number' | 'any' | undefined;

/**
 * Checks a submission against the sample: columns, number of rows, ids and their order, duplicate ids, and numbers where
 * the sample has numbers (integers where it has integers). Everything that differs comes in one `data` error.
 *
 * @param heldTo what a column has to hold whatever the sample has: numbers, or anything that is not empty; undefined: what the sample has
 */
export function checkSubmission(submission: Table, sample: Table, id: string | null, heldTo: HeldTo = () => undefined): void {
  const sameColumns = JSON.stringify(submission.columns) === JSON.stringify(sample.columns);
  const problems = sameColumns
    ? [...rowProblems(submission, sample, id), ...valueProblems(submission, sample, id, heldTo)]
    : [columnProblem(submission, sample)];
  if (problems.length === 0) return;
  const placed = problems.map((problem) => ({
    file: submission.file,
    ...(problem.row === undefined ? {} : { line: valueAt(submission.lines, problem.row - 1) }),
    ...problem,
  }));
  const remedy = 'A submission has the columns and ids of the sample, in its order.';
  throw dataError(`${submission.file} differs from ${sample.file}: ${plural(problems.length, 'problem')}`, submission.file, placed, remedy);
}

function columnProblem(submission: Table, sample: Table): Problem {
  return { message: `the columns are ${quotedList(submission.columns)} instead of ${quotedList(sample.columns)}`, line: 1 };
}

function rowProblems(submission: Table, sample: Table, id: string | null): Problem[] {
  const field = id ?? valueAt(sample.columns, 0);
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
    message: `the id is ${quoted(name)} instead of ${quoted(valueAt(expected, row - 1))}`,
    row,
    field,
  }));
}

function valueProblems(submission: Table, sample: Table, id: string | null, heldTo: HeldTo): Problem[] {
  const fields = valueColumns(sample, id ?? sample.columns[0]);
  return fields.flatMap((field) => {
    const { fits, kind } = KINDS[heldTo(field) ?? 'sample'] ?? valueKind(columnOf(sample, field) ?? [], fields.length);
    return rowsWhere(columnOf(submission, field) ?? [], (value) => !fits(value)).map(({ id: value, row }) => ({
      message: `${quoted(value)} is not ${kind}`,
      row,
      field,
    }));
  });
}

const ANY = { fits: (value: string): boolean => value !== '', kind: 'a value' } as const;
const NUMBER = { fits: isFiniteNumber, kind: 'a number' } as const;

const KINDS = { number: NUMBER, any: ANY, sample: undefined };

/** What a column's values have to be, by the sample's. Where there is a column a class, integers stand for probabilities too. */
function valueKind(sampled: readonly string[], columns: number): { readonly fits: (value: string) => boolean; readonly kind: string } {
  if (columns === 1 && sampled.every(isInteger)) return { fits: isInteger, kind: 'an integer' };
  if (sampled.every(isFiniteNumber)) return NUMBER;
  return ANY;
}

import { targetColumns } from '../config/index.ts';
import { plural } from '../core/text.ts';
import { isLabelled, rowCount, type Targets } from '../data/examples/index.ts';
import { quotedList } from '../data/problems.ts';
import type { Table } from '../data/tables/index.ts';
import { measuredRows, refusedTargets, targetsAs, type Predictions, type Task, type TargetOptions } from '../tasks/index.ts';
import type { RunMetrics } from '../tracking/index.ts';

/** Which columns of a table to predict hold its targets, and whether they were named for it. */
interface Tested {
  readonly target: string | readonly string[];
  readonly isTargetNamed: boolean;
}

/**
 * The targets of a table to predict, or why there are none to go by, as a sentence. Throws a `data` error with the rows where the columns
 * were named for this table, so that somebody counts on them.
 */
export function testTargets(
  task: Task,
  table: Table,
  { target, isTargetNamed }: Tested,
  options: TargetOptions,
): { readonly targets: Targets } | { readonly reason: string } {
  const columns = targetColumns(target);
  const { targets, problems } = targetsAs(task, table, columns, options, isTargetNamed ? 'data.test.target' : 'data.target');
  const what = `${columns.length === 1 ? 'column' : 'columns'} ${quotedList(columns)} of ${table.file}`;
  if (problems.length > 0 && isTargetNamed) throw refusedTargets(table, problems, REMEDY);
  const [first] = problems;
  if (first !== undefined) {
    const where = first.row === undefined ? '' : ` in row ${first.row}`;
    const others = problems.length === 1 ? '' : `, and ${plural(problems.length - 1, 'more problem')}`;
    return { reason: `the predictions are not measured by the ${what}: ${first.message}${where}${others}` };
  }
  const rows = Array.from({ length: rowCount(targets) }, (_, row) => row);
  if (!rows.some((row) => isLabelled(targets, row))) return { reason: `the predictions are not measured: the ${what} has no value` };
  return { targets };
}

const REMEDY =
  'Correct these rows, name another column in data.test.target, or set it to null, so that the predictions are not measured.';

/**
 * What metrics.json says of the rows to predict.
 *
 * @param named metrics to measure besides the usual ones
 */
export function testedMetrics(
  task: Task,
  targets: Targets,
  predictions: Predictions,
  named: readonly string[],
): Required<Pick<RunMetrics, 'test' | 'test_intervals' | 'test_rows'>> {
  const found = measuredRows(task, targets, predictions, named);
  const asTest = <T>(values: Readonly<Record<string, T>> = {}): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`test/${name}`, value]));
  const ends = Object.fromEntries(
    Object.entries(found?.intervals ?? {}).map(([name, interval]) => [name, interval === null ? null : [interval.low, interval.high]]),
  );
  return { test_rows: found?.rows ?? 0, test: asTest(found?.metrics), test_intervals: asTest(ends) };
}

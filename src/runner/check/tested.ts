import { targetColumns, type Experiment, type TableSources } from '../../config/index.ts';
import type { Finding } from '../../data/findings/index.ts';
import { quotedList } from '../../data/problems.ts';
import type { Table } from '../../data/tables/index.ts';
import { testTargets } from '../../stages/index.ts';
import type { Task } from '../../tasks/index.ts';

/**
 * What the targets of the table to predict come to: that the run measures its predictions by them, or why it does not. Throws a `data`
 * error where they were named for this table and cannot be read.
 */
export function inspectTested(
  task: Task,
  table: Table,
  source: NonNullable<TableSources['test']>,
  { data, task: named }: Pick<Experiment, 'data' | 'task'>,
): readonly Finding[] {
  const { target, isTargetNamed } = source;
  if (target === null) return [];
  const columns = targetColumns(target);
  if (!isTargetNamed && !columns.every((column) => table.columns.includes(column))) return [];
  const found = testTargets(task, table, { target, isTargetNamed }, { ...data, task: named });
  const finding = { code: 'test-targets', count: table.rows.length, examples: [] } as const;
  if ('reason' in found) {
    const remedy = 'Name its target column in data.test.target, or set that to null if the table has none.';
    return [{ ...finding, severity: 'warning', message: found.reason, remedy }];
  }
  const message =
    `the run measures its predictions by the ${columns.length === 1 ? 'column' : 'columns'} ${quotedList(columns)} of ${table.file}, as ` +
    `test/${task.usualMetric} and others`;
  return [{ ...finding, severity: 'info', message, remedy: 'data.test.target: null leaves that out.' }];
}

import { valueAt } from '../../core/values.ts';
import { safeCell, writeCsv } from '../../data/tables/index.ts';
import { tableRows } from '../../stages/index.ts';
import type { TextPredictions } from './predict.ts';

/**
 * Predictions as the run's own predictions.csv has them.
 *
 * @param isSafe puts an apostrophe before cells that a spreadsheet would compute
 */
export function predictionsCsv(ids: readonly string[], { task: { columns }, predictions }: TextPredictions, isSafe: boolean): string {
  const header = ['id', ...columns.predictions];
  const rows = tableRows(ids.length, (row) => [valueAt(ids, row)], columns.predictionCells(predictions));
  return isSafe ? writeCsv(header.map(safeCell), safely(rows)) : writeCsv(header, rows);
}

function* safely(rows: Iterable<readonly (string | number)[]>): Iterable<readonly (string | number)[]> {
  for (const row of rows) yield row.map(safeCell);
}

/** What the numbers of the task stand for, and an object a text, with its `id` and what the task says of it. */
export function predictionObjects(ids: readonly string[], { task, predictions }: TextPredictions): Readonly<Record<string, unknown>> {
  const objectOf = task.objects(predictions);
  return { ...task.description, predictions: ids.map((id, row) => ({ id, ...objectOf(row) })) };
}

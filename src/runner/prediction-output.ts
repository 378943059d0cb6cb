import { writeCsv } from '../data/csv.ts';
import { safeCell } from '../data/safe-cells.ts';
import { predictionColumns, predictionFields, predictionRows } from '../stages/prediction-table.ts';
import type { TextPredictions } from './predict.ts';

/**
 * Predictions as the run's own predictions.csv has them.
 *
 * @param isSafe puts an apostrophe before cells that a spreadsheet would compute
 */
export function predictionsCsv(ids: readonly string[], predictions: TextPredictions, isSafe: boolean): string {
  const { classes } = predictions;
  const header = ['id', ...predictionColumns(classes)];
  const rows = predictionRows(flat(predictions), classes, ids.length, (row) => [ids[row]!]);
  return isSafe ? writeCsv(header.map(safeCell), safely(rows)) : writeCsv(header, rows);
}

function* safely(rows: Iterable<readonly (string | number)[]>): Iterable<readonly (string | number)[]> {
  for (const row of rows) yield row.map(safeCell);
}

export interface PredictionObjects {
  readonly classes: readonly string[];
  readonly predictions: readonly {
    readonly id: string;
    readonly prediction: string | number | null;
    readonly probabilities: Readonly<Record<string, number | null>>;
  }[];
}

/** An object a text. */
export function predictionObjects(ids: readonly string[], predictions: TextPredictions): PredictionObjects {
  const { classes, probabilities } = predictions;
  const fieldsOf = predictionFields(flat(predictions), classes);
  const objects = ids.map((id, row) => ({
    id,
    prediction: fieldsOf(row).at(-1) ?? null,
    probabilities: Object.fromEntries(classes.map((name, label) => [name, probabilities[row]?.[label] ?? null])),
  }));
  return { classes, predictions: objects };
}

/** As the stage `predict` has them. */
function flat({ classes, probabilities }: TextPredictions): Float64Array {
  const width = classes.length === 2 ? 1 : classes.length;
  const all = new Float64Array(probabilities.length * width);
  probabilities.forEach((row, i) => all.set(width === 1 ? row.subarray(1) : row, i * width));
  return all;
}

import { valueAt } from '../../../core/values.ts';
import type { OutOfFold } from '../../report.ts';

/** Out-of-fold predictions of one column, of the rows whose number is known. */
export interface JudgedColumn {
  readonly name: string;
  /** Positions in the out-of-fold predictions. */
  readonly rows: Int32Array;
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
}

export function judgedColumns(columns: readonly string[], { targets, predictions }: OutOfFold): readonly JudgedColumn[] {
  const { width, values } = targets;
  return columns.map((name, column) => {
    const at = (row: number): number => row * width + column;
    const rows = Int32Array.from({ length: values.length / width }, (_, row) => row).filter((row) => !Number.isNaN(values[at(row)]));
    const of = (numbers: Float64Array): Float64Array => Float64Array.from(rows, (row) => valueAt(numbers, at(row)));
    return { name, rows, truth: of(values), predicted: of(predictions.numbers) };
  });
}

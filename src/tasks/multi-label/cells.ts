import { valueAt } from '../../core/values.ts';
import type { Targets } from '../../data/examples/index.ts';

/** What the labels of a table are. */
export interface Labels {
  /** In the order of the columns, or, from one column, sorted. */
  readonly labels: readonly string[];
  /** What separates them where they stand in one column; null where each has a column. */
  readonly separator: string | null;
  /** Whether some are not known in some rows. */
  readonly masked: boolean;
}

/** How often a label is true, false and not known. */
export interface LabelSize {
  readonly positive: number;
  readonly negative: number;
  readonly unknown: number;
}

/** [labels] Of all rows, or of some. */
export function labelSizes({ width, values }: Targets, rows?: Iterable<number>): readonly LabelSize[] {
  const [positive, negative, unknown] = [new Int32Array(width), new Int32Array(width), new Int32Array(width)];
  for (const row of rows ?? Array(values.length / width).keys()) {
    for (let label = 0; label < width; label++) {
      const value = valueAt(values, row * width + label);
      (value === 1 ? positive : value === 0 ? negative : unknown)[label]!++;
    }
  }
  return Array.from(positive, (rowsOf, label) => ({
    positive: rowsOf,
    negative: valueAt(negative, label),
    unknown: valueAt(unknown, label),
  }));
}

/** The labels that are true in a row, by their numbers. */
export function labelsOfRow({ width, values }: Targets, row: number): readonly number[] {
  const found: number[] = [];
  for (let label = 0; label < width; label++) if (values[row * width + label] === 1) found.push(label);
  return found;
}

import { valueAt } from '../../core/values.ts';
import { rowCount, type Targets } from '../../data/examples/index.ts';

/** What the targets of a training table are told apart by, a number for each column. */
export interface Scale {
  readonly mean: readonly number[];
  /** Population standard deviation; 1 for a column with one value throughout. */
  readonly sd: readonly number[];
}

/** Of the rows whose number is known, at least one a column. Means are taken from the first number on, so that no offset costs digits. */
export function scaleOf(targets: Targets): Scale {
  const columns = Array.from({ length: targets.width }, (_, column) => momentsOf(knownIn(targets, column)));
  return { mean: columns.map(({ mean }) => mean), sd: columns.map(({ sd }) => sd) };
}

/** The known numbers of a column, in the order of the rows. */
export function knownIn(targets: Targets, column: number): Float64Array {
  const { width, values } = targets;
  return Float64Array.from({ length: rowCount(targets) }, (_, row) => valueAt(values, row * width + column)).filter(
    (value) => !Number.isNaN(value),
  );
}

function momentsOf(values: Float64Array): { readonly mean: number; readonly sd: number } {
  const first = values[0] ?? 0;
  const mean = values.reduce((sum, value) => sum + (value - first), 0) / Math.max(1, values.length);
  const squares = values.reduce((sum, value) => sum + (value - first - mean) ** 2, 0);
  const isConstant = values.every((value) => value === first);
  return { mean: first + mean, sd: isConstant ? 1 : Math.sqrt(squares / values.length) };
}

/** What is to be learned about rows, in numbers whose meaning the task knows: row-major [rows, width]. NaN where it is not known. */
export interface Targets {
  readonly width: number;
  readonly values: Float64Array;
}

export function rowCount({ width, values }: Targets): number {
  return values.length / width;
}

/** The numbers of one row: [width]. */
export function targetOf({ width, values }: Targets, row: number): Float64Array {
  return values.subarray(row * width, (row + 1) * width);
}

/** Those of some rows, in their order. */
export function targetsAt(targets: Targets, rows: ArrayLike<number>): Targets {
  const { width } = targets;
  const values = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) values.set(targetOf(targets, rows[i]!), i * width);
  return { width, values };
}

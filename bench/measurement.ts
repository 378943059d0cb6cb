/** What all measurements are taken with. */
export interface Setting {
  readonly threads: number;
  /** The interpreter that has PyTorch, where there is one. */
  readonly python: string | undefined;
}

/** Cells of one row of a table; or a sentence that belongs below it. */
export type Finding = readonly string[] | string;

/** A table of figures that fills while they are taken. */
export interface Measurement {
  readonly title: string;
  readonly columns: readonly string[];
  readonly findings: AsyncIterable<Finding>;
}

/** A cell that has no figure. */
export const none = '–';

export function milliseconds(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}

/** How many times as fast we are, with two decimals. */
export function times(theirs: number, ours: number): string {
  return (theirs / ours).toFixed(2);
}

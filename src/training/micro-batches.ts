import type { Experiment } from '../config/index.ts';

/** Rows of a batch that go through the model at a time, from `from` up to but not `to`. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** How a batch of so many rows is cut: the last part may be shorter. */
export function microBatches(rows: number, training: Pick<Experiment['training'], 'micro_batch'>): readonly RowRange[] {
  const size = training.micro_batch ?? rows;
  return Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({ from: i * size, to: Math.min(rows, (i + 1) * size) }));
}

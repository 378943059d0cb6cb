import { valueAt } from '../core/values.ts';
import { targetOf, type Targets } from '../data/examples/index.ts';
import type { Task } from './task.ts';

/** What the rows of a table weigh in the loss of a batch, Σ w·l / Σ w. */
export interface Weighing {
  /** Whether rows have weights, or each of their outputs. */
  readonly of: 'rows' | 'elements';
  /** Of some rows, what they count in Σ w. */
  total(rows: Int32Array): number;
  /** Of a batch, row-major [rows, 1] or [rows, outputs], so that their sum over what counts is 1; all are 0 where nothing counts. */
  weights(rows: Int32Array): Float32Array;
}

/** What is weighed in the batches of a task; undefined where all rows, and all elements of a row, count alike. */
export function weighedIn({ weights }: Pick<Task, 'weights'>, hasRowWeights: boolean): Weighing['of'] | undefined {
  return weights?.of ?? (hasRowWeights ? 'rows' : undefined);
}

/** @param rowWeights of all rows that the targets are of; undefined where they have none */
export function weighing(
  task: Pick<Task, 'weights' | 'outputs'>,
  targets: Targets,
  rowWeights: Float64Array | undefined,
): Weighing | undefined {
  const of = weighedIn(task, rowWeights !== undefined);
  if (of === undefined) return undefined;
  const width = of === 'rows' ? 1 : task.outputs;
  const weigh = task.weights?.weigh ?? ((_, into) => into.fill(1).length);
  const own = new Float64Array(width);
  /** What the row counts; its own weights stand in `own` afterwards. */
  const weighed = (row: number): number => {
    const factor = rowWeights === undefined ? 1 : valueAt(rowWeights, row);
    const count = weigh(targetOf(targets, row), own);
    for (let k = 0; k < width; k++) own[k]! *= factor;
    return factor * count;
  };
  const total = (rows: Int32Array): number => rows.reduce((sum, row) => sum + weighed(row), 0);
  return {
    of,
    total,
    weights(rows) {
      const sum = total(rows);
      const all = new Float32Array(rows.length * width);
      if (sum === 0) return all;
      rows.forEach((row, i) => {
        weighed(row);
        for (let k = 0; k < width; k++) all[i * width + k] = own[k]! / sum;
      });
      return all;
    },
  };
}

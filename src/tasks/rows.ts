import { rowCount, targetOf, type Targets } from '../data/examples/index.ts';
import { lossOfLogits } from '../engine/models/index.ts';
import type { Predictions } from './predictions.ts';
import type { Task } from './task.ts';

/** What the logits of rows are held against, row-major [rows, outputs]. */
export function encoded({ outputs, encode }: Pick<Task, 'outputs' | 'encode'>, targets: Targets): Float32Array {
  const rows = rowCount(targets);
  const all = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) encode(targetOf(targets, row), all.subarray(row * outputs, (row + 1) * outputs));
  return all;
}

/** The loss of rows, in float64, weighed by their targets; logits are row-major [rows, outputs]. NaN where no row counts. */
export function lossOf(
  task: Pick<Task, 'loss' | 'outputs' | 'encode' | 'weights'>,
  logits: ArrayLike<number>,
  targets: Targets,
): number {
  const { loss, outputs, encode, weights } = task;
  const target = new Float32Array(outputs);
  const encodedRow = (row: number): Float32Array => {
    target.fill(0);
    encode(targetOf(targets, row), target);
    return target;
  };
  if (weights === undefined) return lossOfLogits(loss, logits, outputs, encodedRow);
  const own = new Float64Array(weights.of === 'rows' ? 1 : outputs);
  const counted = (row: number): number => weights.weigh(targetOf(targets, row), own);
  let sum = 0;
  for (let row = 0; row < rowCount(targets); row++) sum += counted(row);
  return lossOfLogits(loss, logits, outputs, encodedRow, (row) => {
    counted(row);
    return own.map((weight) => weight / sum);
  });
}

/**
 * Every usual metric of the task by its name, in their order, then those that are named besides, as far as the task has them.
 *
 * @param named bare names, such as `mcc`
 */
export function measured(
  { metrics, metric }: Pick<Task, 'metrics' | 'metric'>,
  targets: Targets,
  predictions: Predictions,
  named: readonly string[] = [],
): Readonly<Record<string, number>> {
  const further = [...new Set(named)].filter((name) => metrics.every((usual) => usual.name !== name));
  const all = [...metrics, ...further.flatMap((name) => metric(name) ?? [])];
  return Object.fromEntries(all.map(({ name, of }) => [name, of(targets, predictions)]));
}

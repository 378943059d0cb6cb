import { valueAt } from '../core/values.ts';
import { evaluationBatches } from '../data/tokens/index.ts';
import type { Feeds } from '../engine/program.ts';
import type { BatchSource } from './batch-source.ts';
import { withinMemory } from './within-memory.ts';

/**
 * A forward pass over rows, in batches of similar length; answers in the order of `rows`.
 *
 * @param forward answers a batch's output, row-major [batch, width]
 * @param onBatch hears, before each batch, of the rows that are done, and of the tokens in them, padding among them
 * @param batches puts rows of these lengths together
 * @returns row-major [rows, width]
 */
export async function forwardAll(
  forward: (feeds: Feeds) => Promise<Float32Array>,
  source: BatchSource,
  rows: Int32Array,
  width: number,
  batchSize: number,
  onBatch: (rowsDone: number, positionsDone: number) => void | Promise<void>,
  batches = evaluationBatches,
): Promise<Float32Array> {
  const result = new Float32Array(rows.length * width);
  const places = new Map(Array.from(rows, (row, i) => [row, i]));
  const keep = (batch: Int32Array, output: Float32Array): void =>
    batch.forEach((row, at) => result.set(output.subarray(at * width, (at + 1) * width), places.get(row)! * width));
  await forwardEach(forward, source, rows, batchSize, onBatch, keep, batches);
  return result;
}

/** `forwardAll` that keeps nothing: `onOutput` is given the rows of each batch, what `forward` answers, and the width of the batch. */
export async function forwardEach(
  forward: (feeds: Feeds) => Promise<Float32Array>,
  source: BatchSource,
  rows: Int32Array,
  batchSize: number,
  onBatch: (rowsDone: number, positionsDone: number) => void | Promise<void>,
  onOutput: (rows: Int32Array, output: Float32Array, width: number) => void,
  batches = evaluationBatches,
): Promise<void> {
  const lengths = rows.map((row) => valueAt(source.lengths, row));
  let [done, positions] = [0, 0];
  for (const { rows: places, width } of batches(lengths, batchSize)) {
    await onBatch(done, positions);
    const batch = places.map((i) => valueAt(rows, i));
    const feeds = source.feeds(batch, width);
    const output = await withinMemory({ key: 'training.eval_batch_size', rows: batch.length, width }, () => forward(feeds));
    onOutput(batch, output, width);
    done += batch.length;
    positions += batch.length * width;
  }
}

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
 * @returns row-major [rows, width]
 */
export async function forwardAll(
  forward: (feeds: Feeds) => Promise<Float32Array>,
  source: BatchSource,
  rows: Int32Array,
  width: number,
  batchSize: number,
  onBatch: (rowsDone: number, positionsDone: number) => void | Promise<void>,
): Promise<Float32Array> {
  const result = new Float32Array(rows.length * width);
  const lengths = rows.map((row) => valueAt(source.lengths, row));
  let [done, positions] = [0, 0];
  for (const batch of evaluationBatches(lengths, batchSize)) {
    await onBatch(done, positions);
    const feeds = source.feeds(
      batch.rows.map((i) => valueAt(rows, i)),
      batch.width,
    );
    const output = await withinMemory({ key: 'training.eval_batch_size', rows: batch.rows.length, width: batch.width }, () =>
      forward(feeds),
    );
    batch.rows.forEach((i, position) => result.set(output.subarray(position * width, (position + 1) * width), i * width));
    done += batch.rows.length;
    positions += batch.rows.length * batch.width;
  }
  return result;
}

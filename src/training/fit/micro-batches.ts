import type { Experiment } from '../../config/index.ts';
import type { Feeds } from '../../engine/program.ts';
import type { StepFeeds } from '../../engine/runtime/index.ts';

/**
 * A batch as it is trained on: whole, or in parts of `micro_batch` rows, of which the last may be shorter.
 *
 * @param countOf what rows count in the loss; each counts 1 where it is left out
 */
export function stepFeedsOf(
  rows: Int32Array,
  { micro_batch: size }: Pick<Experiment['training'], 'micro_batch'>,
  feedsOf: (rows: Int32Array) => Feeds,
  countOf: (rows: Int32Array) => number = ({ length }) => length,
): StepFeeds {
  if (size === null || size >= rows.length) return feedsOf(rows);
  const parts = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.subarray(i * size, (i + 1) * size));
  const all = countOf(rows);
  return parts.map((part) => ({ feeds: feedsOf(part), share: all === 0 ? part.length / rows.length : countOf(part) / all }));
}

import type { Builder, Value } from '../../graph/index.ts';
import type { Initializer } from '../../program.ts';
import { countFromZero, int32, type EncoderInput } from '../inputs.ts';
import type { ModelBuilder } from '../model-builder.ts';

/** Of distances between query and key, in T5's way (Raffel et al. 2020): half of them for keys before the query, half for those after. */
export const bucketCount = 32;

/** From this distance on there is one bucket each side. */
const FARTHEST = 128;

/** The bucket of key j for query i: [S, S]. */
export const relativeBuckets: EncoderInput = {
  name: 'relative_buckets',
  dtype: 'int32',
  shape: ['S', 'S'],
  feed: ({ S }) => int32([S, S], Int32Array.from({ length: S * S }, (_, at) => bucketOf((at % S) - Math.floor(at / S)))),
  portable(g) {
    const at = countFromZero(g, 'sequence');
    const distance = g.Sub(g.reshape(at, [1, 'sequence']), g.reshape(at, ['sequence', 1]));
    const near = g.Max(g.Min(distance, whole(g, FARTHEST)), whole(g, -FARTHEST));
    const buckets = Int32Array.from({ length: 2 * FARTHEST + 1 }, (_, row) => bucketOf(row - FARTHEST));
    return g.Gather(g.constant(buckets, 'int32', [buckets.length]), g.Add(near, whole(g, FARTHEST)), { axis: 0 });
  },
};

/** What each head adds to attention scores by distance, [A, S, S], from the table `weight` [rows, heads] of the part that `m` stands at. */
export function relativeBias(m: ModelBuilder, rows: number, heads: number, init: Initializer): Value {
  const table = m.parameter('weight', [rows, heads], init);
  const buckets = m.input(relativeBuckets);
  return m.within((g) => g.Gather(g.Transpose(table, { perm: [1, 0] }), buckets, { axis: 1 }));
}

/**
 * Of the distance from query to key, key − query. On each side the first 8 distances have a bucket each, and 8 buckets share the others up
 * to FARTHEST by their logarithms, log(d / 8) / log(128 / 8) · 8 = 2 log₂(d / 8), rounded down.
 */
export function bucketOf(distance: number): number {
  const side = bucketCount / 2;
  const exact = side / 2;
  const d = Math.abs(distance);
  const bucket = d < exact ? d : Math.min(side - 1, exact + Math.floor(2 * Math.log2(d / exact)));
  return bucket + (distance > 0 ? side : 0);
}

function whole(g: Builder, x: number): Value {
  return g.constant(Int32Array.of(x), 'int32', []);
}

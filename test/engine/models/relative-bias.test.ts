import { expect, test } from 'vitest';
import { graphBuilder } from '../../../src/engine/graph/index.ts';
import { bucketOf, relativeBuckets } from '../../../src/engine/models/blocks/relative-bias.ts';
import { runGraph } from '../../helpers/run-graph.ts';

/** The distances from which on a key before the query falls into the buckets 0, 1, …, by transformers 5.23's MPNet. */
const FIRST = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];

test('distances fall into the buckets of Transformers', () => {
  for (let distance = 0; distance <= 200; distance++) {
    const bucket = FIRST.findLastIndex((first) => first <= distance);
    expect(bucketOf(-distance), `${distance} before`).toBe(bucket);
    if (distance > 0) expect(bucketOf(distance), `${distance} after`).toBe(16 + bucket);
  }
});

test('an exported model finds the buckets that training is fed', async () => {
  const S = 300;
  const g = graphBuilder('buckets');
  const ids = g.input('ids', 'int64', ['batch', 'sequence']);
  // Only the length counts; a graph has to read it from something.
  const read = g.Cast(ids, { to: 'int32' });
  g.output('read', read);
  g.output('buckets', relativeBuckets.portable!(g, { ids, mask: ids, types: () => ids }));
  const { buckets } = await runGraph(g.build(), { ids: { shape: [1, S], data: new BigInt64Array(S) } });
  const fed = relativeBuckets.feed({ B: 1, S, ids: new Int32Array(S), types: new Int32Array(S), lengths: [S], rows: new Int32Array() });
  expect(Array.from(buckets!.data as Int32Array)).toEqual(Array.from(fed.data as Int32Array));
});

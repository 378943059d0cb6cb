import type { WireMetric, WirePair } from './wire.ts';

/** The body of one `runs/log-batch`, without the run. */
export interface Batch {
  readonly metrics: readonly WireMetric[];
  readonly params: readonly WirePair[];
  readonly tags: readonly WirePair[];
}

type Item = { readonly kind: 'metric'; readonly item: WireMetric } | { readonly kind: 'param' | 'tag'; readonly item: WirePair };

/** Parts within the server's limits, in order: params before metrics, so that a run is described before it is measured. */
export function batches({ metrics, params, tags }: Batch): readonly Batch[] {
  const items: readonly Item[] = [
    // The same param twice in one batch is refused, even with the same value; of tags the last wins.
    ...lastOfEach(params).map((item) => ({ kind: 'param' as const, item })),
    ...lastOfEach(tags).map((item) => ({ kind: 'tag' as const, item })),
    ...metrics.map((item) => ({ kind: 'metric' as const, item })),
  ];
  const parts: Item[][] = [];
  let room: Record<Item['kind'] | 'all' | 'bytes', number> = NO_ROOM;
  for (const item of items) {
    const bytes = Buffer.byteLength(JSON.stringify(item.item)) + 1;
    if (room[item.kind] < 1 || room.all < 1 || room.bytes < bytes) {
      parts.push([]);
      room = ROOM;
    }
    parts.at(-1)?.push(item);
    room = { ...room, [item.kind]: room[item.kind] - 1, all: room.all - 1, bytes: room.bytes - bytes };
  }
  return parts.map(batchOf);
}

export function itemCount({ metrics, params, tags }: Batch): number {
  return metrics.length + params.length + tags.length;
}

/** The two halves of a batch of at least two items. */
export function halves(batch: Batch): readonly [Batch, Batch] {
  const half = Math.ceil(itemCount(batch) / 2);
  let left = half;
  const take = <T>(list: readonly T[]): readonly [readonly T[], readonly T[]] => {
    const count = Math.min(left, list.length);
    left -= count;
    return [list.slice(0, count), list.slice(count)];
  };
  const [params, laterParams] = take(batch.params);
  const [tags, laterTags] = take(batch.tags);
  const [metrics, laterMetrics] = take(batch.metrics);
  return [
    { params, tags, metrics },
    { params: laterParams, tags: laterTags, metrics: laterMetrics },
  ];
}

/** The server's limits; of bytes what common proxies let through, less the frame of the request. */
const ROOM = { metric: 1000, param: 100, tag: 100, all: 1000, bytes: 900_000 };
const NO_ROOM = { metric: 0, param: 0, tag: 0, all: 0, bytes: 0 };

function batchOf(items: readonly Item[]): Batch {
  const metrics: WireMetric[] = [];
  const params: WirePair[] = [];
  const tags: WirePair[] = [];
  for (const entry of items) {
    if (entry.kind === 'metric') metrics.push(entry.item);
    else (entry.kind === 'param' ? params : tags).push(entry.item);
  }
  return { metrics, params, tags };
}

function lastOfEach(pairs: readonly WirePair[]): readonly WirePair[] {
  return [...new Map(pairs.map((pair) => [pair.key, pair])).values()];
}

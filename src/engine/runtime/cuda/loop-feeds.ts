import { loopNames, product, type LoopBatches, type Value } from '../../graph/index.ts';
import type { Feeds, HostTensor } from '../../program.ts';

/** What a loop is fed for these iterations, from what each of them alone would be fed. */
export function packFeeds({ stacked, packed }: LoopBatches, feeds: readonly Feeds[]): Feeds {
  const { iterations, places, all } = loopNames;
  const together = (x: Value, shape: (total: number) => readonly number[]): readonly [string, HostTensor] => {
    const tensors = feeds.map((feed) => feed[x.name]!);
    const total = tensors.reduce((sum, { data }) => sum + data.length, 0);
    return [all(x.name), { dtype: tensors[0]!.dtype, shape: shape(total), data: joinedData(tensors, total) }];
  };
  return Object.fromEntries([
    [iterations, int64([], [feeds.length])],
    ...stacked.map((x) => together(x, () => [feeds.length, ...(x.shape as readonly number[])])),
    ...packed.map((x) => together(x, (total) => [total])),
    ...(packed.length === 0 ? [] : [[places, placesOf(packed, feeds)] as const]),
  ]);
}

/** What a loop within a loop is fed, from what each part of each iteration of the outer one would be fed. */
export function packParts(batches: LoopBatches, parts: readonly (readonly Feeds[])[]): Feeds {
  const counts = parts.map(({ length }) => length);
  let next = 0;
  const begins = counts.map((count) => (next += count) - count);
  const { [loopNames.iterations]: _outer, ...feeds } = packFeeds(batches, parts.flat());
  return { ...feeds, [loopNames.begins]: uint32([begins.length], begins), [loopNames.counts]: uint32([counts.length], counts) };
}

/** Bytes of what an iteration is fed. */
export function bytesOf(feeds: Feeds): number {
  return Object.values(feeds).reduce((sum, { data }) => sum + data.byteLength, 0);
}

/** One row of `places` for each iteration. */
function placesOf(packed: readonly Value[], feeds: readonly Feeds[]): HostTensor {
  const ends = packed.map(() => 0);
  const rows = feeds.map((feed) =>
    packed.flatMap(({ name }, i) => {
      const { shape } = feed[name]!;
      const begin = ends[i]!;
      ends[i] = begin + (product(shape) as number);
      return [begin, ends[i], ...shape];
    }),
  );
  return uint32([rows.length, rows[0]!.length], rows.flat());
}

function joinedData(tensors: readonly HostTensor[], total: number): HostTensor['data'] {
  const [{ data: first }] = tensors as readonly [HostTensor];
  const joined = new (first.constructor as new (length: number) => HostTensor['data'])(total);
  let at = 0;
  for (const { data } of tensors) {
    (joined as Float32Array).set(data as Float32Array, at);
    at += data.length;
  }
  return joined;
}

function int64(shape: readonly number[], list: readonly number[]): HostTensor {
  return { dtype: 'int64', shape, data: BigInt64Array.from(list, BigInt) };
}

function uint32(shape: readonly number[], list: readonly number[]): HostTensor {
  return { dtype: 'uint32', shape, data: Uint32Array.from(list) };
}

import type { Builder, Value } from '../../graph/index.ts';
import { countFromZero, int32, type EncoderInput } from '../inputs.ts';

/** Which row of a table of relative positions stands for each distance i - j of two tokens, up to a distance of any text. */
export interface DistanceRows {
  /** Rows of the table. */
  readonly count: number;
  /** From 0 to count - 1. */
  row(distance: number): number;
  /** The largest distance that occurs. */
  readonly longest: number;
}

/**
 * DeBERTa's rows (He et al. 2021, `make_log_bucket_position` in Transformers): the distances themselves up to half of the buckets k, and
 * beyond that ⌈log(|r| / mid) / log((span - 1) / mid) · (mid - 1)⌉ + mid; x(r) = clamp(bucket + k, 0, 2k - 1). Without buckets, k is the
 * span and every distance a bucket of its own. Rounded to float32 as there: log 9 / log 3 is 2, and not a digit more.
 */
export function debertaRows(buckets: number, span: number, longest: number): DistanceRows {
  const k = buckets > 0 ? buckets : span;
  const mid = Math.floor(buckets / 2);
  const bucket = (distance: number): number => {
    const size = Math.abs(distance);
    if (buckets <= 0 || size <= mid) return distance;
    const share = single(logarithm(size / mid) / logarithm((span - 1) / mid));
    return Math.sign(distance) * (Math.ceil(single(share * (mid - 1))) + mid);
  };
  return { count: 2 * k, longest, row: (distance) => Math.min(Math.max(bucket(distance) + k, 0), 2 * k - 1) };
}

const single = Math.fround;

function logarithm(x: number): number {
  return single(Math.log(single(x)));
}

/** Inputs by which a graph reads a table of relative positions, for texts of S tokens. */
export interface DistanceInputs {
  /** The distinct rows that occur: [R]. */
  readonly rows: EncoderInput;
  /** Places among them for `Skew`: [2S], for the distances S, S - 1, … and so for i - j where a row belongs to i. */
  readonly places: EncoderInput;
  /** The same for the distances -S, -S + 1, …, and so for i - j where a row belongs to j. */
  readonly reversed: EncoderInput;
  /** For the distances from the first token, 0, -1, …: [S]. */
  readonly first: EncoderInput;
}

export function distanceInputs(of: DistanceRows): DistanceInputs {
  const used = (S: number): readonly number[] =>
    [...new Set(Array.from({ length: 2 * S + 1 }, (_, i) => of.row(i - S)))].sort((a, b) => a - b);
  const input = (name: string, length: 'S' | '2*S', distance: (at: number, S: number) => number): EncoderInput => ({
    name: `relative_${name}`,
    dtype: 'int32',
    shape: [length],
    feed({ S }) {
      const count = length === 'S' ? S : 2 * S;
      const place = new Map(used(S).map((row, at) => [row, at]));
      return int32([count], Int32Array.from({ length: count }, (_, at) => place.get(of.row(distance(at, S)))!));
    },
    portable: (g) => rowsOf(g, of, length === 'S' ? g.Neg(countFromZero(g, 'sequence')) : distancesDown(g, name === 'reversed')),
  });
  return {
    rows: {
      name: 'relative_rows',
      dtype: 'int32',
      shape: ['R'],
      feed: ({ S }) => int32([used(S).length], Int32Array.from(used(S))),
      portable: null,
    },
    places: input('places', '2*S', (at, S) => S - at),
    reversed: input('reversed', '2*S', (at, S) => at - S),
    first: input('first', 'S', (at) => -at),
  };
}

/** S, S - 1, … of 2S numbers, or the same with the other sign: half the difference of what follows a place and what comes before it. */
function distancesDown(g: Builder, isReversed: boolean): Value {
  const ones = g.expand(g.constant(Int32Array.of(1), 'int32', [1]), ['2*sequence']);
  const [before, from] = [g.CumSum(ones, { axis: 0, exclusive: 1 }), g.CumSum(ones, { axis: 0, reverse: 1 })];
  const doubled = isReversed ? g.Sub(before, from) : g.Sub(from, before);
  return g.Div(doubled, g.constant(Int32Array.of(2), 'int32', []));
}

/** Rows for the distances, from a constant table. */
function rowsOf(g: Builder, { row, longest }: DistanceRows, distances: Value): Value {
  const all = Int32Array.from({ length: 2 * longest + 1 }, (_, i) => row(i - longest));
  const table = g.constant(all, 'int32', [all.length]);
  return g.Gather(table, g.Add(distances, g.constant(Int32Array.of(longest), 'int32', [])), { axis: 0 });
}

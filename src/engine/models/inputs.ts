import type { Builder, DType, Shape, Value } from '../graph/index.ts';
import type { HostTensor } from '../program.ts';

/** Texts of a batch, padded to one width. */
export interface TokenBatch {
  /** Texts, and tokens of each. */
  readonly B: number;
  readonly S: number;
  /** Row-major [B, S], padded with the encoder's padding token. */
  readonly ids: Int32Array;
  /** Segment of each token, 0 at padding: [B, S]. */
  readonly types: Int32Array;
  /** Tokens of each text without padding: [B]. */
  readonly lengths: readonly number[];
  /** The distinct ids in ascending order. */
  readonly rows: Int32Array;
}

/** What a graph has that is fed with what tokenizers give: int64 [batch, sequence]. */
export interface PortableInputs {
  readonly ids: Value;
  /** 1 where there is text. */
  readonly mask: Value;
  /** Declared when it is asked for: an encoder without segments has no such input. */
  types(): Value;
}

/**
 * A graph input that follows from the tokens of a batch, in both its forms: made here for a step, and made by nodes in an exported model,
 * where B is called `batch` and S `sequence`.
 */
export interface EncoderInput {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  feed(batch: TokenBatch): HostTensor;
  /** Null where the input lists rows of a table for the sake of its gradient: exported models read tables whole. */
  readonly portable: ((g: Builder, inputs: PortableInputs) => Value) | null;
}

/** Added to the attention score of a padding position: the lowest float32, after which softmax gives exactly 0. */
const MASKED = -3.4028234663852886e38;

/**
 * The distinct token ids of the batch, [U], so that the gradient of the embedding table has U rows. `tokens` has each token's place among
 * them.
 */
export const tokenRows: EncoderInput = {
  name: 'token_rows',
  dtype: 'int32',
  shape: ['U'],
  feed: ({ rows }) => int32([rows.length], rows),
  portable: null,
};

/** Places of the tokens in `token_rows`: [B, S]. */
export const tokens: EncoderInput = {
  name: 'tokens',
  dtype: 'int32',
  shape: ['B', 'S'],
  feed({ B, S, ids, rows }) {
    const place = new Map(Array.from(rows, (id, row) => [id, row]));
    return int32([B, S], ids.map((id) => place.get(id) as number));
  },
  portable: (_, { ids }) => ids,
};

/** first, first + 1, … for the tokens of every text: [S]. */
export function positions(first: number): EncoderInput {
  return {
    name: 'positions',
    dtype: 'int32',
    shape: ['S'],
    feed: ({ S }) => int32([S], Int32Array.from({ length: S }, (_, s) => first + s)),
    portable: (g) => g.Add(countFromZero(g, 'sequence'), g.constant(Int32Array.of(first), 'int32', [])),
  };
}

/** The segment of each token: [B, S]. */
export const tokenTypes: EncoderInput = {
  name: 'token_types',
  dtype: 'int32',
  shape: ['B', 'S'],
  feed: ({ B, S, types }) => int32([B, S], types),
  portable: (g, { types }) => g.Cast(types(), { to: 'int32' }),
};

/** What is added to attention scores: 0 where there is text, the lowest float32 at padding: [B, 1, 1, S]. */
export const attentionBias: EncoderInput = {
  name: 'attention_bias',
  dtype: 'float32',
  shape: ['B', 1, 1, 'S'],
  feed({ B, S, lengths }) {
    const bias = new Float32Array(B * S).fill(MASKED);
    lengths.forEach((length, b) => bias.fill(0, b * S, b * S + length));
    return float32([B, 1, 1, S], bias);
  },
  portable(g, { mask }) {
    const padding = g.Sub(g.scalar(1), g.Cast(mask, { to: 'float32' }));
    return g.reshape(g.Mul(padding, g.scalar(MASKED)), ['batch', 1, 1, 'sequence']);
  },
};

/** 1 where there is text, 0 at padding: [B, S]. */
export const tokenMask: EncoderInput = {
  name: 'token_mask',
  dtype: 'float32',
  shape: ['B', 'S'],
  feed({ B, S, lengths }) {
    const mask = new Float32Array(B * S);
    lengths.forEach((length, b) => mask.fill(1, b * S, b * S + length));
    return float32([B, S], mask);
  },
  portable: (g, { mask }) => g.Cast(mask, { to: 'float32' }),
};

/** What is added to the scores of pairs of tokens: 0 where they are at most `window` apart, the lowest float32 elsewhere: [S, S]. */
export function localBias(window: number): EncoderInput {
  return {
    name: 'local_bias',
    dtype: 'float32',
    shape: ['S', 'S'],
    feed: ({ S }) =>
      float32([S, S], Float32Array.from({ length: S * S }, (_, at) => (Math.abs(Math.floor(at / S) - (at % S)) <= window ? 0 : MASKED))),
    portable(g) {
      const place = g.Cast(countFromZero(g, 'sequence'), { to: 'float32' });
      const distance = g.Abs(g.Sub(g.reshape(place, ['sequence', 1]), g.reshape(place, [1, 'sequence'])));
      return g.Mul(g.Cast(g.Greater(distance, g.scalar(window)), { to: 'float32' }), g.scalar(MASKED));
    },
  };
}

/** 0, 1, … along an axis whose length a symbol stands for: int32. */
export function countFromZero(g: Builder, length: string): Value {
  const ones = g.expand(g.constant(Int32Array.of(1), 'int32', [1]), [length]);
  return g.CumSum(ones, { axis: 0, exclusive: 1 });
}

export function int32(shape: readonly number[], data: Int32Array): HostTensor {
  return { dtype: 'int32', shape, data };
}

export function float32(shape: readonly number[], data: Float32Array): HostTensor {
  return { dtype: 'float32', shape, data };
}

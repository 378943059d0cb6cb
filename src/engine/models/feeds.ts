import { OrtrainError } from '../../core/errors.ts';
import type { Feeds, HostTensor } from '../program.ts';
import type { EncoderConfig } from './encoder-config.ts';

/** Added to the attention score of a padding position: the lowest float32, after which softmax gives exactly 0. */
export const MASKED = -3.4028234663852886e38;

/**
 * Graph inputs for a batch of token ids, one list a text, special tokens included, padded to `width` (at least the longest
 * list). `types` are the segment numbers of texts in pairs, like `ids`; all are segment 0 without them, and there is
 * no feed for an encoder that knows no more than one.
 * The ids go as the distinct ones in ascending order (`token_rows` [U]) and each token's place among them (`tokens` [B, S]), so
 * that the gradient of the embedding table has U rows. Throws OrtrainError `data` for an id or a width the encoder has no row for.
 */
export function batchFeeds(
  encoder: EncoderConfig,
  ids: readonly ArrayLike<number>[],
  width: number,
  types?: readonly ArrayLike<number>[],
): Feeds {
  checkFits(encoder, ids, width);
  const [B, S] = [ids.length, width];
  const tokens = new Int32Array(B * S).fill(encoder.padTokenId);
  const tokenTypes = new Int32Array(B * S);
  const bias = new Float32Array(B * S).fill(MASKED);
  ids.forEach((text, b) => {
    tokens.set(text, b * S);
    bias.fill(0, b * S, b * S + text.length);
    if (types !== undefined) tokenTypes.set(types[b] ?? [], b * S);
  });
  const rows = distinct(tokens);
  const place = new Map(Array.from(rows, (id, row) => [id, row]));
  return {
    token_rows: int32([rows.length], rows),
    tokens: int32([B, S], tokens.map((id) => place.get(id) as number)),
    positions: int32([S], Int32Array.from({ length: S }, (_, s) => encoder.firstPosition + s)),
    ...(encoder.typeVocabSize > 1 ? { token_types: int32([B, S], tokenTypes) } : {}),
    attention_bias: float32([B, 1, 1, S], bias),
  };
}

/** Graph input for features that were computed before: row-major [B, width]. */
export function featureFeeds(features: Float32Array, width: number): Feeds {
  return { features: float32([features.length / width, width], features) };
}

/** Graph input for what the logits of a batch are held against: row-major [B, outputs], as the loss wants it. */
export function targetFeeds(targets: Float32Array, outputs: number): Feeds {
  return { targets: float32([targets.length / outputs, outputs], targets) };
}

function checkFits(encoder: EncoderConfig, ids: readonly ArrayLike<number>[], width: number): void {
  const longest = ids.reduce((length, text) => Math.max(length, text.length), 0);
  if (longest > width) throw new Error(`a text of ${longest} tokens does not fit a width of ${width}`);
  if (width > encoder.maxPositions) {
    throw new OrtrainError('data', `texts of ${width} tokens are longer than the model's ${encoder.maxPositions} positions`, {
      subject: 'model.max_seq_length',
      remedy: `Set model.max_seq_length to ${encoder.maxPositions} or less.`,
    });
  }
  for (const text of ids) {
    for (let i = 0; i < text.length; i++) {
      const id = text[i] as number;
      if (id >= 0 && id < encoder.vocabSize) continue;
      throw new OrtrainError('data', `token id ${id} is outside the model's vocabulary of ${encoder.vocabSize}`, {
        subject: 'model.base',
        remedy:
          "The model's tokenizer.json and config.json do not belong together; take both from the same model, or " +
            "set model.resize_embeddings: true.",
      });
    }
  }
}

function distinct(ids: Int32Array): Int32Array {
  return Int32Array.from(new Set(ids)).sort();
}

function int32(shape: readonly number[], data: Int32Array): HostTensor {
  return { dtype: 'int32', shape, data };
}

function float32(shape: readonly number[], data: Float32Array): HostTensor {
  return { dtype: 'float32', shape, data };
}

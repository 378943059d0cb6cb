import { OrtrainError } from '../../core/errors.ts';
import type { Feeds } from '../program.ts';
import type { EncoderConfig } from './config/encoder-config.ts';
import { modelInputs } from './encode.ts';
import { float32, type TokenBatch } from './inputs.ts';

/**
 * Graph inputs for a batch of token ids, one list a text, special tokens included, padded to `width` (at least the longest
 * list). `types` are the segment numbers of texts in pairs, like `ids`; all are segment 0 without them. The encoder's `inputs` says which
 * tensors there are, beside the mask that a pooling reads: one that knows a single segment is fed none. Throws OrtrainError `data` for an
 * id or a width the encoder has no row for.
 */
export function batchFeeds(
  encoder: EncoderConfig,
  ids: readonly ArrayLike<number>[],
  width: number,
  types?: readonly ArrayLike<number>[],
): Feeds {
  checkFits(encoder, ids, width);
  const batch = tokenBatch(encoder, ids, width, types);
  return Object.fromEntries(modelInputs(encoder).map((input) => [input.name, input.feed(batch)]));
}

function tokenBatch(
  { padTokenId }: EncoderConfig,
  texts: readonly ArrayLike<number>[],
  S: number,
  types?: readonly ArrayLike<number>[],
): TokenBatch {
  const B = texts.length;
  const ids = new Int32Array(B * S).fill(padTokenId);
  const tokenTypes = new Int32Array(B * S);
  texts.forEach((text, b) => {
    ids.set(text, b * S);
    if (types !== undefined) tokenTypes.set(types[b] ?? [], b * S);
  });
  return { B, S, ids, types: tokenTypes, lengths: texts.map(({ length }) => length), rows: distinct(ids) };
}

/** Graph input for features that were computed before: row-major [B, width]. */
export function featureFeeds(features: Float32Array, width: number): Feeds {
  return { features: float32([features.length / width, width], features) };
}

/**
 * Graph inputs for hidden states that were computed before: `hidden` row-major [B, width, hiddenSize], zero at padding, and `lower`
 * [B, states * hiddenSize], what a pooling reads of the states below; empty where it reads nothing of them.
 */
export function stateFeeds({ hiddenSize }: EncoderConfig, texts: number, hidden: Float32Array, lower: Float32Array): Feeds {
  const width = hidden.length / texts / hiddenSize;
  return {
    hidden_state: float32([texts, width, hiddenSize], hidden),
    ...(lower.length === 0 ? {} : { lower_states: float32([texts, lower.length / texts], lower) }),
  };
}

/** Graph input for what the logits of a batch are held against: row-major [B, outputs], as the loss wants it. */
export function targetFeeds(targets: Float32Array, outputs: number): Feeds {
  return { targets: float32([targets.length / outputs, outputs], targets) };
}

/** Graph input for what the rows of a batch weigh, [B, 1], or their elements, row-major [B, outputs]; the sum of all is 1. */
export function weightFeeds(weights: Float32Array, rows: number): Feeds {
  return { weights: float32([rows, weights.length / rows], weights) };
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

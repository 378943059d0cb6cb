import type { Experiment } from '../../config/index.ts';
import { planBatches, type TokenSet } from '../../data/tokens/index.ts';
import { batchFeeds, featureFeeds, type EncoderConfig } from '../../engine/models/index.ts';
import type { Feeds } from '../../engine/program.ts';
import { tokenSource } from '../../training/index.ts';

export interface BatchShape {
  /**
   * `typical`: of median length. `largest`: of most tokens. `limit`: of full length, where nothing has been tokenized yet. `features`: no
   * tokens.
   */
  readonly kind: 'typical' | 'largest' | 'limit' | 'features';
  readonly texts: number;
  /** Tokens that each text is padded to. */
  readonly width: number;
}

/** A batch as it would be fed. */
export interface FedBatch {
  readonly shape: BatchShape;
  readonly feeds: Feeds;
  /** Its first rows alone, as wide as it is. */
  part(texts: number): Feeds;
}

/** Of an epoch over all rows, the batch of median length and the largest; without tokens, one of full length. */
export function exampleBatches(
  { model, training, seed }: Experiment,
  encoder: EncoderConfig,
  tokens: TokenSet | undefined,
): readonly FedBatch[] {
  const { batch_size: batchSize, batching, padding } = training;
  const maxLength = model.max_seq_length;
  if (tokens === undefined) return [fullBatch(batchSize, maxLength, encoder)];
  const source = tokenSource(tokens, encoder);
  const all = planBatches(source.lengths, { batchSize, batching, padding, maxLength, seed, epoch: 1 });
  const whole = all.filter(({ rows }) => rows.length === Math.min(batchSize, source.lengths.length)).sort((a, b) => a.width - b.width);
  const [typical, largest] = [whole[Math.floor(whole.length / 2)], whole.at(-1)];
  const fed = (kind: 'typical' | 'largest', batch: typeof typical): readonly FedBatch[] =>
    batch === undefined
      ? []
      : [
          fedBatch({ kind, texts: batch.rows.length, width: batch.width }, (texts) =>
            source.feeds(batch.rows.subarray(0, texts), batch.width),
          ),
        ];
  return [...fed('typical', typical), ...(largest?.width === typical?.width ? [] : fed('largest', largest))];
}

/** Features of a frozen encoder. */
export function featureBatch(texts: number, width: number): FedBatch {
  return fedBatch({ kind: 'features', texts, width: 1 }, (rows) => featureFeeds(new Float32Array(rows * width), width));
}

/** A batch with more inputs, for so many of its rows. */
export function withFeeds({ shape, part }: FedBatch, more: (texts: number) => Feeds): FedBatch {
  return fedBatch(shape, (texts) => ({ ...part(texts), ...more(texts) }));
}

/** As many different tokens as there can be. */
function fullBatch(texts: number, width: number, encoder: EncoderConfig): FedBatch {
  const ids = Array.from({ length: texts }, (_, text) =>
    Int32Array.from({ length: width }, (__, at) => (text * width + at) % encoder.vocabSize),
  );
  return fedBatch({ kind: 'limit', texts, width }, (rows) => batchFeeds(encoder, ids.slice(0, rows), width));
}

function fedBatch(shape: BatchShape, part: FedBatch['part']): FedBatch {
  return { shape, feeds: part(shape.texts), part };
}

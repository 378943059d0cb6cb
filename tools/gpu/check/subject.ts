import { bertConfig, sizes, type Size } from '../../../bench/classifier.ts';
import { RandomState } from '../../../src/core/random.ts';
import {
  batchFeeds,
  classifierForward,
  parseEncoderConfig,
  randomParameters,
  targetFeeds,
  trainingStep,
  weightFeeds,
} from '../../../src/engine/models/index.ts';
import { inPrecision, type Precision } from '../../../src/engine/precision.ts';
import { adam } from '../../../src/engine/optim/index.ts';
import type { StepBatch, TrainerOptions } from '../../../src/engine/runtime/index.ts';

export interface Shape {
  readonly size: Size | keyof typeof encoders;
  readonly batch: number;
  readonly length: number;
}

const dropout = 0.1;
const seed = 1;

/** Of what people fine-tune besides BERT, the config.json; pytorch.py has the same. */
export const encoders = {
  'deberta-v3-base': {
    model_type: 'deberta-v2',
    vocab_size: 128_100,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    max_position_embeddings: 512,
    type_vocab_size: 0,
    relative_attention: true,
    position_buckets: 256,
    norm_rel_ebd: 'layer_norm',
    share_att_key: true,
    pos_att_type: 'p2c|c2p',
    position_biased_input: false,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
  },
  'modernbert-base': {
    model_type: 'modernbert',
    vocab_size: 50_368,
    hidden_size: 768,
    num_hidden_layers: 22,
    num_attention_heads: 12,
    intermediate_size: 1152,
    max_position_embeddings: 8192,
    local_attention: 128,
    global_attn_every_n_layers: 3,
    pad_token_id: 50_283,
  },
} as const;

export interface Subject {
  readonly options: Omit<TrainerOptions, 'device'>;
  /** Random tokens without padding, another batch at each call. */
  batch(): StepBatch;
}

/** A classifier with one dense layer, and batches for it. */
export function subjectOf({ size, batch, length }: Shape, precision: Precision, extra: Partial<TrainerOptions> = {}): Subject {
  return subjectWith(isBert(size) ? bertConfig(size) : encoders[size], { batch, length }, precision, extra);
}

function isBert(size: Shape['size']): size is Size {
  return Object.hasOwn(sizes, size);
}

/** The same of the encoder that a config.json describes. With `weighted`, every row has a weight between 0 and 1. */
export function subjectWith(
  config: Readonly<Record<string, unknown>>,
  { batch, length }: Omit<Shape, 'size'>,
  precision: Precision,
  { weighted = false, ...extra }: Partial<TrainerOptions> & { readonly weighted?: boolean } = {},
): Subject {
  const encoder = parseEncoderConfig(JSON.stringify(config), 'config.json');
  const vocabulary = Number(config['vocab_size']);
  const weights = weighted ? ({ weighted: 'rows' } as const) : {};
  const model = { encoder, head: { dense: [], dropout, activation: 'none' }, outputs: 1 } as const;
  const random = new RandomState(seed);
  const numbers = (count: number, below: number): readonly number[] => Array.from({ length: count }, () => random.integer(0, below));
  return {
    options: {
      step: inPrecision(trainingStep({ ...model, ...weights, loss: 'bce' }), precision),
      forward: inPrecision(classifierForward(model), precision),
      source: randomParameters(seed),
      threads: 4,
      optimizer: { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }) },
      clipNorm: null,
      seed,
      ...extra,
    },
    batch: () => ({
      feeds: {
        ...batchFeeds(
          encoder,
          Array.from({ length: batch }, () => numbers(length, vocabulary)),
          length,
        ),
        ...targetFeeds(Float32Array.from(numbers(batch, 2)), 1),
        ...(weighted ? weightFeeds(Float32Array.from(numbers(batch, 101), (percent) => percent / 100), batch) : {}),
      },
      rates: { lr: 1e-5 },
    }),
  };
}

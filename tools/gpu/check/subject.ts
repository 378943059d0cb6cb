import { bertConfig, type Size } from '../../../bench/classifier.ts';
import { RandomState } from '../../../src/core/random.ts';
import {
  batchFeeds,
  classifierForward,
  parseEncoderConfig,
  randomParameters,
  targetFeeds,
  trainingStep,
} from '../../../src/engine/models/index.ts';
import { inPrecision, type Precision } from '../../../src/engine/precision.ts';
import { adam } from '../../../src/engine/optim/index.ts';
import type { StepBatch, TrainerOptions } from '../../../src/engine/runtime/index.ts';

export interface Shape {
  readonly size: Size;
  readonly batch: number;
  readonly length: number;
}

const vocabulary = 30522;
const dropout = 0.1;
const seed = 1;

export interface Subject {
  readonly options: Omit<TrainerOptions, 'device'>;
  /** Random tokens without padding, another batch at each call. */
  batch(): StepBatch;
}

/** A classifier with one dense layer, and batches for it. */
export function subjectOf({ size, batch, length }: Shape, precision: Precision, extra: Partial<TrainerOptions> = {}): Subject {
  const encoder = parseEncoderConfig(JSON.stringify(bertConfig(size)), 'config.json');
  const model = { encoder, head: { dense: [], dropout, activation: 'none' }, outputs: 1 } as const;
  const random = new RandomState(seed);
  const numbers = (count: number, below: number): readonly number[] => Array.from({ length: count }, () => random.integer(0, below));
  return {
    options: {
      step: inPrecision(trainingStep({ ...model, loss: 'bce' }), precision),
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
      },
      rates: { lr: 1e-5 },
    }),
  };
}

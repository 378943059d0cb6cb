import { RandomState } from '../src/core/random.ts';
import {
  batchFeeds,
  classifierForward,
  parseEncoderConfig,
  randomParameters,
  targetFeeds,
  trainingStep,
  type EncoderConfig,
  type ParameterSource,
} from '../src/engine/models/index.ts';
import { adam } from '../src/engine/optim/index.ts';
import { openTrainer, type Trainer } from '../src/engine/runtime/index.ts';
import type { ParameterSpec } from '../src/engine/program.ts';
import { encoderFiles, initialWeights } from '../src/training/folders/classifier-folder.ts';
import type { Python } from './python.ts';

/** A classifier, the same for both sides: BERT with one dense layer on its pooled output. */
export interface Subject {
  readonly name: string;
  /** As in a Hugging Face config.json, with random weights; or a model directory. */
  readonly encoder: { readonly config: Readonly<Record<string, number | string>> } | { readonly model: string };
  readonly threads: number;
}

export interface TextBatch {
  /** Token ids of each text. */
  readonly texts: readonly ArrayLike<number>[];
  /** To which texts are padded. */
  readonly width: number;
  readonly labels: readonly number[];
}

/** One side of a comparison: a classifier that is trained on the batches it is given. */
export interface Side {
  readonly name: string;
  /** Milliseconds of each of so many steps on one batch. */
  steps(batch: TextBatch, count: number): Promise<readonly number[]>;
  close(): Promise<void>;
}

export const sizes = {
  tiny: { layers: 2, hidden: 128, heads: 2 },
  minilm: { layers: 6, hidden: 384, heads: 12 },
  base: { layers: 12, hidden: 768, heads: 12 },
} as const;

export type Size = keyof typeof sizes;

/** In a batch, unless the last of an epoch is shorter. */
export const batchSize = 32;

const vocabulary = 30522;
const dropout = 0.1;
const lr = 1e-5;
const seed = 1;

export function randomBert(size: Size, threads: number): Subject {
  return { name: size, encoder: { config: bertConfig(size) }, threads };
}

/** As in a Hugging Face config.json. */
export function bertConfig(size: Size): Readonly<Record<string, number | string>> {
  const { layers, hidden, heads } = sizes[size];
  return {
    model_type: 'bert',
    vocab_size: vocabulary,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: 4 * hidden,
    max_position_embeddings: 512,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
  };
}

/** Random tokens without padding. */
export function randomBatch(width: number): TextBatch {
  const random = new RandomState(seed);
  return {
    texts: Array.from({ length: batchSize }, () => Array.from({ length: width }, () => random.integer(0, vocabulary))),
    width,
    labels: Array.from({ length: batchSize }, () => random.integer(0, 2)),
  };
}

/** Our own side's trainer: batch to feeds, dropout masks, forward, backward, Adam, as training does it. */
export async function openOurTrainer(subject: Subject): Promise<{ readonly trainer: Trainer; step(batch: TextBatch): Promise<void> }> {
  const { config: encoder, source } = ourEncoder(subject);
  const options = { encoder, head: { dense: [], dropout, activation: 'none' }, outputs: 1 } as const;
  const forward = classifierForward(options);
  const trainer = await openTrainer({
    step: trainingStep({ ...options, loss: 'bce' }),
    forward,
    threads: subject.threads,
    optimizer: { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }) },
    clipNorm: null,
    seed,
    source: source(forward.parameters),
  });
  return {
    trainer,
    step: async ({ texts, width, labels }) =>
      void (await trainer.step({ ...batchFeeds(encoder, texts, width), ...targetFeeds(Float32Array.from(labels), 1) }, { lr })),
  };
}

export async function openOurs(subject: Subject): Promise<Side> {
  const { trainer, step } = await openOurTrainer(subject);
  return {
    name: 'ortrain',
    async steps(batch, count) {
      const milliseconds: number[] = [];
      for (let i = 0; i < count; i++) {
        const start = performance.now();
        await step(batch);
        milliseconds.push(performance.now() - start);
      }
      return milliseconds;
    },
    close: () => trainer.release(),
  };
}

const START = { weights: 'pretrained', resize_embeddings: false } as const;

function ourEncoder({ encoder }: Subject): {
  readonly config: EncoderConfig;
  source(parameters: readonly ParameterSpec[]): ParameterSource;
} {
  if ('config' in encoder)
    return { config: parseEncoderConfig(JSON.stringify(encoder.config), 'config.json'), source: () => randomParameters(seed) };
  const weights = initialWeights(encoderFiles(encoder.model, START), START, seed);
  return { config: weights.config, source: (parameters) => weights.source(parameters, seed).source };
}

/** PyTorch's ways: as it comes, with `fused=True` for Adam, and with the model under torch.compile. */
export type Way = 'eager' | 'fused' | 'compiled';

/** The same step in PyTorch; or, as a sentence, why it cannot be taken in this way. */
export async function openPytorch(subject: Subject, way: Way, python: Python, { frozen = false } = {}): Promise<Side | string> {
  const name = `${subject.name} ${way}`;
  const { encoder, threads } = subject;
  const { unavailable } = await python.ask<{ readonly unavailable?: string }>({
    op: 'open',
    name,
    way,
    threads,
    seed,
    dropout,
    lr,
    frozen,
    ...encoder,
  });
  if (unavailable !== undefined) return unavailable;
  return {
    name,
    async steps({ texts, width, labels }, count) {
      const padded = texts.map((text) => Array.from({ length: width }, (_, i) => text[i] ?? 0)); // BERT's padding token is 0
      const mask = texts.map((text) => Array.from({ length: width }, (_, i) => Number(i < text.length)));
      return (await python.ask<{ readonly milliseconds: readonly number[] }>({ op: 'steps', name, ids: padded, mask, labels, count }))
        .milliseconds;
    },
    close: () => python.ask({ op: 'close', name }),
  };
}

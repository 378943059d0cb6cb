import { RandomState } from '../src/core/random.ts';
import { batchFeeds, classifierForward, parseEncoderConfig, randomParameters, targetFeeds, trainingStep } from '../src/engine/models/index.ts';
import { adam } from '../src/engine/optim/index.ts';
import { openTrainer } from '../src/engine/runtime/index.ts';
import type { Python } from './python.ts';
import type { Runner } from './race.ts';

/** A classifier and one batch to train it on, the same for both sides. */
export interface Case {
  readonly name: string;
  /** As in a Hugging Face config.json. */
  readonly config: Readonly<Record<string, number | string>>;
  readonly dropout: number;
  readonly lr: number;
  readonly threads: number;
  readonly seed: number;
  /** Token ids [B, S], without padding. */
  readonly ids: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** A runner, and how to get rid of it. */
export interface Opened {
  readonly runner: Runner;
  close(): Promise<void>;
}

/** BERT with one dense layer on its pooled output, dropout 0.1, and a random batch. */
export function bertCase(name: string, size: { readonly layers: number; readonly hidden: number; readonly heads: number }, batch: number, length: number, threads: number): Case {
  const seed = 1;
  const vocabulary = 30522;
  const random = new RandomState(seed);
  return {
    name,
    config: {
      model_type: 'bert',
      vocab_size: vocabulary,
      hidden_size: size.hidden,
      num_hidden_layers: size.layers,
      num_attention_heads: size.heads,
      intermediate_size: 4 * size.hidden,
      max_position_embeddings: 512,
      hidden_dropout_prob: 0.1,
      attention_probs_dropout_prob: 0.1,
    },
    dropout: 0.1,
    lr: 1e-5,
    threads,
    seed,
    ids: Array.from({ length: batch }, () => Array.from({ length }, () => random.integer(0, vocabulary))),
    labels: Array.from({ length: batch }, () => random.integer(0, 2)),
  };
}

/** Our own step as training does it: batch to feeds, dropout masks, forward, backward, Adam. */
export async function openOurs(subject: Case): Promise<Opened> {
  const encoder = parseEncoderConfig(JSON.stringify(subject.config), 'config.json');
  const options = { encoder, head: { dense: [], dropout: subject.dropout, activation: 'none' }, outputs: 1 } as const;
  const trainer = await openTrainer({
    step: trainingStep(options),
    forward: classifierForward(options),
    threads: subject.threads,
    optimizer: { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }), weightDecay: 0 },
    clipNorm: null,
    seed: subject.seed,
    source: randomParameters(subject.seed),
  });
  const step = async (): Promise<number> => {
    const start = performance.now();
    await trainer.step({ ...batchFeeds(encoder, subject.ids, subject.ids[0]?.length ?? 0), ...targetFeeds(subject.labels, 1) }, { lr: subject.lr });
    return performance.now() - start;
  };
  const steps = async (count: number): Promise<readonly number[]> => {
    const milliseconds: number[] = [];
    for (let i = 0; i < count; i++) milliseconds.push(await step());
    return milliseconds;
  };
  return { runner: { name: 'ortrain', steps }, close: () => trainer.release() };
}

/** The same step in PyTorch eager. */
export async function openPytorch(subject: Case, python: Python): Promise<Opened> {
  const { name } = subject;
  await python.ask({ op: 'open', ...subject });
  const steps = async (count: number): Promise<readonly number[]> =>
    (await python.ask<{ readonly milliseconds: readonly number[] }>({ op: 'steps', name, count })).milliseconds;
  return { runner: { name: 'PyTorch', steps }, close: () => python.ask({ op: 'close', name }) };
}

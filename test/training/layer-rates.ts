import { expect } from 'vitest';
import { openWeights, readEncoderConfig } from '../../src/data/hub/index.ts';
import { batchFeeds, classifierForward, depthOf, readFloats } from '../../src/engine/models/index.ts';
import type { Feeds, ParameterSpec } from '../../src/engine/program.ts';
import type { Trainer, TrainerOptions } from '../../src/engine/runtime/index.ts';
import { optimizerOf } from '../../src/training/index.ts';
import { classFeeds, classifierStep } from '../helpers/class-steps.ts';
import { sharedJson, sharedPath } from '../helpers/shared.ts';

/** Ten steps of AdamW with rates by layer, by PyTorch: the oracles' README. */
interface Oracle {
  readonly batches: readonly {
    readonly input_ids: readonly (readonly number[])[];
    readonly attention_mask: readonly (readonly number[])[];
    readonly token_type_ids: readonly (readonly number[])[];
    readonly labels: readonly number[];
  }[];
  readonly runs: readonly {
    readonly name: string;
    readonly rule: { readonly base: number; readonly head: number; readonly decay: number; readonly weight_decay: number };
    readonly groups: Readonly<Record<string, { readonly lr: number; readonly weight_decay: number }>>;
    readonly steps: number;
    readonly losses: readonly number[];
    readonly final: Readonly<Record<string, { readonly l2: number }>>;
  }[];
}

export const place = ['oracles2', 'optim', 'bert-runs.json'] as const;

// The oracles' README: losses 1e-4, final norms 3e-4 without the biases of keys, which have no gradient.
const [LOSS, NORM] = [1e-4, 3e-4];

/** The oracle's rate of the top layer is the base itself, ours is the base times the decay; so our base is one step above. */
export async function sameAsPyTorch(open: (options: TrainerOptions) => Promise<Trainer>): Promise<void> {
  const { batches, runs } = sharedJson<Oracle>(...place);
  const run = runs.find(({ name }) => name === 'layerwise')!;
  const folder = sharedPath('oracles2', 'optim', 'bert')!;
  const [config, file] = [readEncoderConfig(folder), openWeights(folder)];
  const lr = run.rule.base / run.rule.decay;
  const { weight_decay } = run.rule;
  const adamw = { name: 'adamw', lr, weight_decay, betas: [0.9, 0.999], eps: 1e-8, no_decay: ['bias', 'LayerNorm'] } as const;
  const optimizer = optimizerOf({ optimizer: adamw, layer_decay: run.rule.decay, head_lr: run.rule.head, ema: null }, config);
  for (const [name, group] of Object.entries(run.groups)) {
    const own = optimizer.group!(name);
    expect({ name, lr: lr * own.lrScale, weight_decay: own.weightDecay }).toEqual({ name, ...group, lr: expect.closeTo(group.lr, 12) });
  }
  expect(new Set(Object.keys(run.groups).map((name) => depthOf(config, name))).size).toBe(config.layers + 2);

  const model = { encoder: config, head: { dense: [], dropout: 0, activation: 'none' }, outputs: 2 } as const;
  const [step, forward] = [classifierStep(model), classifierForward(model)];
  const trainer = await open({
    step,
    forward,
    source: (spec: ParameterSpec, into: Float32Array) => readFloats(file, spec.name, into),
    threads: 1,
    optimizer,
    clipNorm: null,
    seed: 1,
  });
  try {
    const fed = batches.map(({ input_ids, attention_mask, token_type_ids, labels }): Feeds => {
      const lengths = attention_mask.map((mask) => mask.reduce((sum, x) => sum + x, 0));
      const cut = (rows: readonly (readonly number[])[]): readonly (readonly number[])[] => rows.map((row, i) => row.slice(0, lengths[i]));
      return { ...batchFeeds(config, cut(input_ids), input_ids[0]!.length, cut(token_type_ids)), ...classFeeds(labels, 2) };
    });
    const given = Array.from({ length: run.steps }, (_, i) => ({ feeds: fed[i % fed.length]!, rates: { lr } }));
    const losses = (await trainer.steps(given)).map(({ loss }) => loss);
    losses.forEach((loss, i) => expect(Math.abs(loss - run.losses[i]!), `step ${i}`).toBeLessThan(LOSS));
    const final = await trainer.snapshot();
    for (const [name, { l2 }] of Object.entries(run.final))
      if (!name.endsWith('key.bias')) expect(Math.abs(Math.hypot(...final[name]!) - l2), name).toBeLessThan(NORM);
  } finally {
    await trainer.release();
  }
}

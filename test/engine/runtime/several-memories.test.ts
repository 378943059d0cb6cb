import { expect, test } from 'vitest';
import { batchFeeds, classifierForward, randomParameters, targetFeeds, trainingStep } from '../../../src/engine/models/index.ts';
import { adam } from '../../../src/engine/optim/index.ts';
import type { Feeds } from '../../../src/engine/program.ts';
import { openTrainer, type StepFeeds, type Tensors } from '../../../src/engine/runtime/index.ts';
import { openGradientSum } from '../../../src/engine/runtime/cpu/gradient-sum.ts';
import { tinyConfig } from '../models/tiny.ts';

const encoder = tinyConfig({ num_hidden_layers: 3, intermediate_size: 1024 });
const model = { encoder, head: { dense: [], dropout: 0.1, activation: 'none' }, outputs: 1, loss: 'bce' } as const;

const feeds = (...texts: readonly (readonly number[])[]): Feeds => ({
  ...batchFeeds(encoder, texts, 8),
  ...targetFeeds(Float32Array.from(texts, (_, i) => i % 2), 1),
});
const [first, second] = [feeds([2, 5, 9, 3], [2, 49, 3]), feeds([2, 7, 7, 8, 3], [2, 30, 3])];
/** Whole, and as micro-batches, whose gradients are summed in memories of their own. */
const batches: readonly StepFeeds[] = [first, [{ feeds: first, share: 0.5 }, { feeds: second, share: 0.5 }], second];

interface Trained {
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly logits: Float32Array;
  readonly state: readonly Tensors[];
  /** How many buffers the state lies in. */
  readonly memories: number;
}

async function train(memoryLimit: number | undefined): Promise<Trained> {
  const trainer = await openTrainer({
    step: trainingStep(model),
    forward: classifierForward(model),
    source: randomParameters(3),
    threads: 1,
    optimizer: { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }), group: () => ({ lrScale: 1, weightDecay: 0.01 }) },
    clipNorm: 0.5,
    seed: 7,
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
  });
  const results = [];
  for (let i = 0; i < 6; i += 1) results.push(await trainer.step(batches[i % batches.length]!, { lr: 0.01 }));
  // A round through a snapshot and the optimizer's state, as after an interruption.
  const [snapshot, optimizer] = [await trainer.snapshot(), await trainer.optimizerState()];
  await trainer.step(first, { lr: 0.01 });
  await trainer.restore(snapshot);
  await trainer.restoreOptimizerState(optimizer);
  results.push(await trainer.step(second, { lr: 0.01 }));
  const { parameters, optimizer: looked } = await trainer.look();
  const state = [await trainer.snapshot(), ...Object.values((await trainer.optimizerState()).slots)];
  const views = [parameters, ...Object.values(looked.slots)].flatMap((tensors) => Object.values(tensors));
  const logits = await trainer.forward(first);
  await trainer.release();
  return {
    losses: results.map(({ loss }) => loss),
    norms: results.map(({ gradientNorm }) => gradientNorm),
    logits,
    state,
    memories: new Set(views.map(({ buffer }) => buffer)).size,
  };
}

test('a model whose state is spread over several memories trains to the same bytes as in one', async () => {
  const one = await train(undefined);
  const several = await train(2 ** 18);
  expect([one.memories, several.memories]).toEqual([1, 6]);
  expect(several.losses).toEqual(one.losses);
  expect(several.norms).toEqual(one.norms);
  expect(several.logits).toEqual(one.logits);
  expect(several.state).toEqual(one.state);
  expect(one.losses.every(Number.isFinite)).toBe(true);
});

test('gradients of micro-batches are summed over as many memories as they take', () => {
  const gradients = [3, 40_000, 30_000, 2].map((length, k) => Float32Array.from({ length }, (_, i) => Math.sin(i + k)));
  const layout = gradients.map(({ length }) => ({ length }));
  const summed = [openGradientSum(layout), openGradientSum(layout, 2 ** 18)].map((sum) => {
    for (const share of [0.25, 0.75]) sum.add(gradients.map((values) => ({ values, rows: undefined })), share);
    return sum.take().map(({ values }) => values);
  });
  expect(summed.map((sums) => new Set(sums.map(({ buffer }) => buffer)).size)).toEqual([1, 2]);
  expect(summed[1]).toEqual(summed[0]);
});

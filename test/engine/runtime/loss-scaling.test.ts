import { afterEach, describe, expect, test } from 'vitest';
import {
  batchFeeds,
  binaryCrossEntropy,
  classifierForward,
  randomParameters,
  targetFeeds,
  trainingStep,
} from '../../../src/engine/models/index.ts';
import { adamw } from '../../../src/engine/optim/index.ts';
import { inPrecision } from '../../../src/engine/precision.ts';
import { openTrainer, type StepBatch, type StepResult, type Trainer, type TrainerOptions } from '../../../src/engine/runtime/index.ts';
import { openLoopTrainer } from '../../../src/engine/runtime/cuda/loop-trainer.ts';
import { tinyConfig } from '../models/tiny.ts';
import { decayed } from '../../helpers/parameter-groups.ts';

// What runs here on the CPU, in a loop, is what runs on CUDA, but for the provider's name.

const open: Trainer[] = [];
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.release();
});

const encoder = tinyConfig({ hidden_size: 16, num_attention_heads: 2, intermediate_size: 32, hidden_dropout_prob: 0.1 });
const whole = { encoder, head: { dense: [16], dropout: 0.1, activation: 'relu' as const }, outputs: 1, loss: binaryCrossEntropy };
const optimizer = { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }), group: decayed(0.01) };

function options(scaled: boolean): TrainerOptions {
  const [step, forward] = [inPrecision(trainingStep({ ...whole, scaled }), 'float16'), inPrecision(classifierForward(whole), 'float16')];
  return { step, forward, source: randomParameters(1), threads: 1, optimizer, clipNorm: 0.1, seed: 7 };
}

const openers: readonly (readonly [string, (options: TrainerOptions) => Promise<Trainer>])[] = [
  ['single steps', openTrainer],
  ['steps in a loop', (of) => openLoopTrainer(of, 'cpu')],
];

async function opened(opener: (typeof openers)[number][1], { scaled = true, scale = 2 ** 16 } = {}): Promise<Trainer> {
  const trainer = await opener(options(scaled));
  open.push(trainer);
  if (scaled)
    await trainer.restoreOptimizerState({
      ...(await trainer.optimizerState()),
      scaling: { scale, goodSteps: 5, skipped: 0, skippedInARow: 0 },
    });
  return trainer;
}

const batchAt = (i: number): StepBatch => {
  const ids = [[1, 7 + i, 9, 2], [1, 5 + i, 2]];
  return { feeds: { ...batchFeeds(encoder, ids, 4), ...targetFeeds(Float32Array.of(i % 2, 1), 1) }, rates: { lr: 1e-3 } };
};
const batches = Array.from({ length: 6 }, (_, i) => batchAt(i));

/** One after the other, up to the first of which it is true. */
async function train(
  trainer: Trainer,
  all: readonly StepBatch[],
  isLast: (result: StepResult) => boolean = () => false,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const batch of all) {
    results.push(...(await trainer.steps([batch])));
    if (isLast(results.at(-1)!)) break;
  }
  return results;
}

describe.each(openers)('a scaled loss, %s', (_, opener) => {
  test('a step that overflows changes nothing but the scale, and the next goes on from there', async () => {
    const trainer = await opened(opener, { scale: 2 ** 60 });
    const before = await trainer.snapshot();
    const [result] = await trainer.steps([batchAt(0)]);
    expect(result).toMatchObject({ loss: expect.closeTo(0.69, 1), skipped: { scale: 2 ** 60, inARow: 1 } });
    expect(await trainer.snapshot()).toEqual(before);
    const { step, scaling } = await trainer.optimizerState();
    expect([step, scaling]).toEqual([0, { scale: 2 ** 59, goodSteps: 0, skipped: 1, skippedInARow: 1 }]);
  });

  test('a step after skipped ones is what it is without them', async () => {
    const trainer = await opened(opener, { scale: 2 ** 30 });
    const results = await train(trainer, Array.from({ length: 20 }, () => batchAt(0)), ({ skipped }) => skipped === undefined);
    const skipped = results.length - 1;
    expect(skipped).toBeGreaterThan(2);
    expect(results.map((result) => result.skipped?.scale)).toEqual([
      ...Array.from({ length: skipped }, (_each, i) => 2 ** (30 - i)),
      undefined,
    ]);
    const straight = await opened(opener, { scale: 2 ** (30 - skipped) });
    expect(await train(straight, [batchAt(0)])).toEqual(results.slice(-1));
    expect(await trainer.snapshot()).toEqual(await straight.snapshot());
    const [one, other] = [await trainer.optimizerState(), await straight.optimizerState()];
    expect([one.step, one.slots]).toEqual([other.step, other.slots]);
  });

  test('norm and update are those of the gradients without the scale', async () => {
    const [scaled, plain] = [await opened(opener), await opened(opener, { scaled: false })];
    const [one, other] = [await scaled.step(batchAt(0).feeds, { lr: 1e-3 }), await plain.step(batchAt(0).feeds, { lr: 1e-3 })];
    expect(one.loss).toBe(other.loss);
    expect(Math.abs(one.gradientNorm / other.gradientNorm - 1)).toBeLessThan(2 ** -9); // gradients round at other places
    expect(one.skipped).toBeUndefined();
  });

  test('micro-batches are scaled alike, and skipped together', async () => {
    const trainer = await opened(opener, { scale: 2 ** 30 });
    const texts = [[[1, 7, 9, 2]], [[1, 5, 2]]];
    const feedsOf = (ids: readonly number[][], i: number) => ({ ...batchFeeds(encoder, ids, 4), ...targetFeeds(Float32Array.of(i), 1) });
    const parts = texts.map((ids, i) => ({ feeds: feedsOf(ids, i), share: 0.5 }));
    const batch = { feeds: parts, rates: { lr: 1e-3 } };
    const before = await trainer.snapshot();
    const results: StepResult[] = [];
    do results.push(...(await trainer.steps([batch])));
    while (results.at(-1)?.skipped !== undefined && results.length < 20);
    const skipped = results.length - 1;
    expect(skipped).toBeGreaterThan(2);
    expect((await trainer.optimizerState()).scaling).toMatchObject({ scale: 2 ** (30 - skipped), skipped });
    expect(await trainer.snapshot()).not.toEqual(before);
    const whole = await opened(opener);
    const { loss, gradientNorm } = await whole.step(batchAt(0).feeds, { lr: 1e-3 });
    expect(results.at(-1)?.loss).toBeCloseTo(loss, 3);
    expect(Math.abs((results.at(-1)?.gradientNorm ?? NaN) / gradientNorm - 1)).toBeLessThan(2 ** -7);
  });

  test('a loss that is not finite is not the fault of the scale', async () => {
    const trainer = await opened(opener);
    const spoilt = Object.entries(await trainer.snapshot()).map(([name, values]) => [
      name,
      values.fill(name === 'classifier.1.bias' ? NaN : 0.1),
    ]);
    await trainer.restore(Object.fromEntries(spoilt));
    const results = await trainer.steps(batches);
    expect(results).toHaveLength(1);
    expect(results[0]?.loss).toBeNaN();
    expect((await trainer.optimizerState()).scaling).toEqual({ scale: 2 ** 16, goodSteps: 5, skipped: 0, skippedInARow: 0 });
  });

  test('of a trainer without it there is no state, and none is taken', async () => {
    const trainer = await opened(opener, { scaled: false });
    const state = await trainer.optimizerState();
    expect(state).not.toHaveProperty('scaling');
    await trainer.restoreOptimizerState({ ...state, scaling: { scale: 2, goodSteps: 0, skipped: 0, skippedInARow: 0 } });
    expect(await trainer.optimizerState()).not.toHaveProperty('scaling');
  });
});

test('a loop goes on to the end with the scale of each step, and stops where one overflows', async () => {
  const trainer = await opened((of) => openLoopTrainer(of, 'cpu'), { scale: 2 ** 60 });
  expect(await trainer.steps(batches)).toHaveLength(1);
  const near = await opened((of) => openLoopTrainer(of, 'cpu'), { scale: 2 ** 10 });
  await near.restoreOptimizerState({
    ...(await near.optimizerState()),
    scaling: { scale: 2 ** 10, goodSteps: 1997, skipped: 2, skippedInARow: 0 },
  });
  expect(await near.steps(batches)).toHaveLength(6);
  expect((await near.optimizerState()).scaling).toEqual({ scale: 2 ** 11, goodSteps: 3, skipped: 2, skippedInARow: 0 });
});

test.each(openers)('micro-batches of a scaled loss train as their batch does, and are skipped together, %s', async (_, opener) => {
  const rows = [
    [1, 7, 9, 2],
    [1, 5, 2, 2],
  ];
  const fed = (from: number, to: number) => ({
    ...batchFeeds(encoder, rows.slice(from, to), 4),
    ...targetFeeds(Float32Array.of(0, 1).slice(from, to), 1),
  });
  const parts = [
    { feeds: fed(0, 1), share: 0.5 },
    { feeds: fed(1, 2), share: 0.5 },
  ];
  const [whole, cut] = [await opened(opener), await opened(opener)];
  for (let step = 0; step < 3; step += 1) {
    const [expected, found] = [await whole.step(fed(0, 2), { lr: 1e-3 }), await cut.step(parts, { lr: 1e-3 })];
    expect(found.loss).toBeCloseTo(expected.loss, 3); // float16
    expect(found.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 1);
  }
  const tooLarge = await opened(opener, { scale: 2 ** 60 });
  const before = await tooLarge.snapshot();
  expect(await tooLarge.step(parts, { lr: 1e-3 })).toMatchObject({ loss: expect.closeTo(0.69, 1), skipped: { scale: 2 ** 60 } });
  expect(await tooLarge.snapshot()).toEqual(before);
  expect((await tooLarge.optimizerState()).step).toBe(0);
});

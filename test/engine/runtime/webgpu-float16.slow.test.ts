import { expect, test } from 'vitest';
import { batchFeeds, classifierForward, randomParameters } from '../../../src/engine/models/index.ts';
import { adam } from '../../../src/engine/optim/index.ts';
import { inPrecision } from '../../../src/engine/precision.ts';
import { openTrainer } from '../../../src/engine/runtime/index.ts';
import { classFeeds, classifierStep } from '../../helpers/class-steps.ts';
import { describeWebgpu } from '../../helpers/webgpu.ts';
import { tinyConfig } from '../models/tiny.ts';

await describeWebgpu('a trainer on WebGPU', () => {
  test('multiplies in float16 with a scaled loss, and skips what overflows', async () => {
    const encoder = tinyConfig({ hidden_size: 16, intermediate_size: 32, hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 });
    const whole = { encoder, head: { dense: [], dropout: 0.1, activation: 'none' as const }, outputs: 1, scaled: true };
    const [step, forward] = [inPrecision(classifierStep(whole), 'float16'), inPrecision(classifierForward(whole), 'float16')];
    const optimizer = { rule: adam({ betas: [0.9, 0.999], eps: 1e-8 }) };
    const options = { step, forward, source: randomParameters(1), threads: 1, optimizer, clipNorm: 1, seed: 3 };
    const [cpu, webgpu] = [await openTrainer(options), await openTrainer({ ...options, device: 'webgpu' })];
    const feeds = { ...batchFeeds(encoder, [[1, 7, 9, 2], [1, 5, 2]], 4), ...classFeeds([1, 0], 1) };
    for (let i = 0; i < 3; i += 1) {
      const [expected, found] = [await cpu.step(feeds, { lr: 1e-2 }), await webgpu.step(feeds, { lr: 1e-2 })];
      // Two roundings of float16 each: the products of WebGPU are summed in 16 bits in part.
      expect(Math.abs(found.loss - expected.loss)).toBeLessThan(4 * 2 ** -11);
      expect(Math.abs(found.gradientNorm / expected.gradientNorm - 1)).toBeLessThan(16 * 2 ** -11);
    }
    const before = await webgpu.snapshot();
    await webgpu.restoreOptimizerState({
      ...(await webgpu.optimizerState()),
      scaling: { scale: 2 ** 60, goodSteps: 0, skipped: 0, skippedInARow: 0 },
    });
    expect((await webgpu.step(feeds, { lr: 1e-2 })).skipped).toEqual({ scale: 2 ** 60, inARow: 1 });
    expect(await webgpu.snapshot()).toEqual(before);
    expect(await webgpu.optimizerState()).toMatchObject({ step: 3, scaling: { scale: 2 ** 59, skipped: 1 } });
    await cpu.release();
    await webgpu.release();
  });
});

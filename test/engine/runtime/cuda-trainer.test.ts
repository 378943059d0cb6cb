import { expect, test } from 'vitest';
import { batchFeeds, classifierForward, randomParameters } from '../../../src/engine/models/index.ts';
import { adamw } from '../../../src/engine/optim/index.ts';
import { openTrainer, type StepBatch, type TrainerOptions } from '../../../src/engine/runtime/index.ts';
import { describeCuda } from '../../helpers/cuda.ts';
import { distance } from '../models/oracle-run.ts';
import { tinyConfig } from '../models/tiny.ts';
import { batches, feedsOf, small } from './small-model.ts';
import { classFeeds, classifierStep } from '../../helpers/class-steps.ts';
import { decayed } from '../../helpers/parameter-groups.ts';

/** Losses of two devices from the same weights, the same masks and the same batches. */
const LOSS = 1e-4;

/** Twenty steps on both, a few and then many in a run; answers with how far the losses, and the logits afterwards, are apart. */
async function apart(options: TrainerOptions, steps: readonly StepBatch[]): Promise<readonly [losses: number, logits: number]> {
  const [cpu, cuda] = [await openTrainer(options), await openTrainer({ ...options, device: 'cuda' })];
  try {
    const expected = await cpu.steps(steps);
    const found = [...(await cuda.steps(steps.slice(0, 3))), ...(await cuda.steps(steps.slice(3)))];
    expect(cuda.stepsPerRun()).toBeGreaterThanOrEqual(1);
    const logits = await Promise.all([cpu.forward(steps[0]!.feeds), cuda.forward(steps[0]!.feeds)]);
    return [distance(found.map(({ loss }) => loss), expected.map(({ loss }) => loss)), distance(...logits)];
  } finally {
    await cpu.release();
    await cuda.release();
  }
}

await describeCuda('a trainer on CUDA', () => {
  test('trains as the CPU does: masks, clipping, decay, batches of several shapes, rows of a table', async () => {
    const steps = Array.from({ length: 20 }, (_, i) => ({ feeds: feedsOf(batches[i % batches.length]!), rates: { lr: 0.02 + 0.001 * i } }));
    const [losses, logits] = await apart(small(), steps);
    expect(losses).toBeLessThan(LOSS);
    expect(logits).toBeLessThan(1e-3);
  });

  test('a small BERT with dropout and three classes has the CPU’s losses', async () => {
    const encoder = tinyConfig({ num_hidden_layers: 2 });
    const model = { encoder, head: { dense: [6], dropout: 0.3, activation: 'tanh' }, outputs: 3 } as const;
    const optimizer = { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }), group: decayed(0.01) };
    const options: TrainerOptions = {
      step: classifierStep(model),
      forward: classifierForward(model),
      source: randomParameters(5),
      threads: 1,
      optimizer,
      clipNorm: 1,
      seed: 3,
    };
    const steps = Array.from({ length: 20 }, (_, i) => {
      const ids = Array.from({ length: 3 + (i % 2) }, (_row, b) =>
        Array.from({ length: 4 + ((i + b) % 5) }, (_token, s) => (11 * i + 31 * b + 7 * s) % 50),
      );
      return {
        feeds: {
          ...batchFeeds(encoder, ids, 9),
          ...classFeeds(
            ids.map((_row, b) => (b + i) % 3),
            3,
          ),
        },
        rates: { lr: 1e-3 },
      };
    });
    const [losses] = await apart(options, steps);
    expect(losses).toBeLessThan(LOSS);
  });
});

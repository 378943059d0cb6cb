import { describe, expect, test } from 'vitest';
import { batchFeeds, classifierForward, randomParameters } from '../../../src/engine/models/index.ts';
import { adamw } from '../../../src/engine/optim/index.ts';
import { classFeeds, classifierStep } from '../../helpers/class-steps.ts';
import { decayed } from '../../helpers/parameter-groups.ts';
import { describeShared, sharedPath } from '../../helpers/shared.ts';
import { describeWebgpu } from '../../helpers/webgpu.ts';
import { both } from '../runtime/webgpu-trainers.ts';
import { comparesWith } from './encoder-oracle.ts';
import { tinyConfig, tinyEncoders } from './tiny.ts';

// As on the CPU: forward and gradients 1e-5, losses 1e-4, final norms 3e-4, final sums 1.5e-3.
const TOLERANCES = { forward: 1e-5, loss: 1e-4, finalNorm: 3e-4, finalSum: 1.5e-3 };

await describeWebgpu('encoders on WebGPU', () => {
  const place = ['oracles2', 'encoders'] as const;
  describeShared('against Transformers', place, () => {
    describe.each(['xlm-roberta', 'camembert', 'electra', 'mpnet', 'albert', 'deberta-v3', 'deberta-v3-long', 'deberta-v2', 'modernbert', 'modernbert-mean'])('%s', (name) =>
      comparesWith(sharedPath(...place) as string, name, { ...TOLERANCES, hidden: 3e-5 }, 'webgpu'),
    );
  });

  test.each(Object.entries(tinyEncoders))('%s, with dropout, has the losses that it has on the CPU', async (_, { json }) => {
    const encoder = tinyConfig({ initializer_range: 0.2 }, json);
    const model = { encoder, head: { dense: [], dropout: 0.3, activation: 'none' }, outputs: 3 } as const;
    const step = classifierStep(model);
    expect(step.masks.length).toBeGreaterThan(3);
    const [cpu, webgpu] = await both({
      step,
      forward: classifierForward(model),
      source: randomParameters(5),
      optimizer: { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }), group: decayed(0.01) },
      clipNorm: 1,
      seed: 42,
    });
    const feeds = { ...batchFeeds(encoder, [[2, 7, 9, 4], [2, 11, 4], [2, 9, 9, 30, 41, 4]], 7), ...classFeeds([0, 1, 2], 3) };
    for (let i = 0; i < 5; i += 1) {
      const [expected, found] = [await cpu.step(feeds, { lr: 1e-3 }), await webgpu.step(feeds, { lr: 1e-3 })];
      expect(Math.abs(found.loss - expected.loss), `step ${i + 1}`).toBeLessThan(1e-4);
    }
  });
});

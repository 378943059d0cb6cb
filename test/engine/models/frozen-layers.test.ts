import { describe, expect, test } from 'vitest';
import { classifierForward, randomParameters, trainingStep } from '../../../src/engine/models/index.ts';
import { adamw } from '../../../src/engine/optim/index.ts';
import { openTrainer } from '../../../src/engine/runtime/index.ts';
import { sameAsWithout } from './frozen-layers.ts';
import { tinyConfig, tinyEncoders } from './tiny.ts';

describe('layers above frozen ones train as in the whole graph, dropout and all', () => {
  const bert = tinyConfig({ num_hidden_layers: 5 });
  test.each([
    ['default', [1, 3, 5]],
    ['cls', [5]],
    ['mean', [3]],
    ['max', [5]],
    ['mean-max', [3]],
    ['last4', [3, 5]],
    ['attention', [3, 5]],
    ['weighted', [3, 4]],
  ] as const)('with the pooling %s', async (pooling, frozen) => {
    for (const layers of frozen) await sameAsWithout(bert, pooling, layers);
  });

  test.each(Object.entries(tinyEncoders))('of the encoder %s', async (_, { json, keys }) => {
    const config = tinyConfig({ [keys.layers]: 3, num_hidden_groups: 3 }, json);
    for (const layers of [1, config.layers]) await sameAsWithout(config, 'default', layers);
    await sameAsWithout(config, 'weighted', config.layers);
  });
});

test('a trainer keeps neither copies nor moments of frozen embeddings', async () => {
  const options = { encoder: tinyConfig({}), head: { dense: [], dropout: 0, activation: 'none' }, outputs: 1, loss: 'bce' } as const;
  const names = async (embeddings: boolean): Promise<readonly string[]> => {
    const trainer = await openTrainer({
      step: trainingStep({ ...options, frozen: { embeddings, layers: 0 } }),
      forward: classifierForward(options),
      source: randomParameters(5),
      threads: 1,
      optimizer: { rule: adamw({ betas: [0.9, 0.999], eps: 1e-8 }) },
      clipNorm: null,
      seed: 1,
    });
    try {
      const [snapshot, { slots }] = [await trainer.snapshot(), await trainer.optimizerState()];
      expect(Object.keys(slots)).toHaveLength(2);
      for (const tensors of Object.values(slots)) expect(Object.keys(tensors).sort()).toEqual(Object.keys(snapshot).sort());
      return Object.keys(snapshot);
    } finally {
      await trainer.release();
    }
  };
  const all = await names(false);
  expect(all.some((name) => name.includes('.embeddings.'))).toBe(true);
  expect([...(await names(true))].sort()).toEqual(all.filter((name) => !name.includes('.embeddings.')).sort());
});

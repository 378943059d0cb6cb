import { describe, test } from 'vitest';
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

import { test } from 'vitest';
import { describeWebgpu } from '../../helpers/webgpu.ts';
import { sameAsWithout } from './frozen-layers.ts';
import { tinyConfig } from './tiny.ts';

await describeWebgpu('layers above frozen ones on WebGPU', () => {
  test('train as in the whole graph', async () => {
    const bert = tinyConfig({ num_hidden_layers: 3 });
    await sameAsWithout(bert, 'mean', 1, 'webgpu');
    await sameAsWithout(bert, 'last4', 2, 'webgpu');
  }, 240_000);
});

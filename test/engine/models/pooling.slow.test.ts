import { test } from 'vitest';
import { describeShared } from '../../helpers/shared.ts';
import { describeWebgpu } from '../../helpers/webgpu.ts';
import { place, sameAsOracle } from './pooling-oracle.ts';

await describeWebgpu('poolings on WebGPU', () => {
  describeShared('equal PyTorch', place, () => {
    test('values and gradients', () => sameAsOracle('webgpu'), 120_000);
  });
});

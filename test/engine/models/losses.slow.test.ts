import { test } from 'vitest';
import { describeShared } from '../../helpers/shared.ts';
import { describeWebgpu } from '../../helpers/webgpu.ts';
import { oracleCases, place, sameAsOracle } from './loss-oracle.ts';

await describeWebgpu('losses on WebGPU', () => {
  describeShared('equal PyTorch, torchvision and scikit-learn', place, () => {
    test.each(oracleCases().map((oracle) => [oracle.name, oracle] as const))('%s', (_, oracle) => sameAsOracle(oracle, 'webgpu'), 60_000);
  });
});

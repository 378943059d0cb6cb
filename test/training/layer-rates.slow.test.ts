import { test } from 'vitest';
import { openTrainer } from '../../src/engine/runtime/index.ts';
import { describeShared } from '../helpers/shared.ts';
import { describeWebgpu } from '../helpers/webgpu.ts';
import { place, sameAsPyTorch } from './layer-rates.ts';

await describeWebgpu('training.layer_decay and head_lr', () => {
  describeShared('equal PyTorch', place, () => {
    test('on WebGPU', () => sameAsPyTorch((options) => openTrainer({ ...options, device: 'webgpu' })), 120_000);
  });
});

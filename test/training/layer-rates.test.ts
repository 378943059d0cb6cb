import { test } from 'vitest';
import { openTrainer } from '../../src/engine/runtime/index.ts';
import { openLoopTrainer } from '../../src/engine/runtime/cuda/loop-trainer.ts';
import { describeShared } from '../helpers/shared.ts';
import { place, sameAsPyTorch } from './layer-rates.ts';

describeShared('training.layer_decay and head_lr equal PyTorch', place, () => {
  test('in WebAssembly', () => sameAsPyTorch(openTrainer));
  test('in a loop, as on CUDA', () => sameAsPyTorch((options) => openLoopTrainer(options, 'cpu')));
});

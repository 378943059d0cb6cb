import { test } from 'vitest';
import { openTrainer } from '../../src/engine/runtime/index.ts';
import { describeWebgpu } from '../helpers/webgpu.ts';
import { expectSame, tasks } from './weighted-steps.ts';

await describeWebgpu('weighted rows on WebGPU', () => {
  test.each(Object.keys(tasks))(
    'train in parts as in one batch on the CPU: %s',
    (name) => expectSame(name, (options) => openTrainer({ ...options, device: 'webgpu' }), openTrainer),
    60_000,
  );
});

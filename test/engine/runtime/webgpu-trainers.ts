import { afterEach } from 'vitest';
import { openTrainer, type Trainer, type TrainerOptions } from '../../../src/engine/runtime/index.ts';

export const open: { release(): Promise<void> }[] = [];
afterEach(async () => {
  for (const model of open.splice(0)) await model.release();
});

/** A trainer that is released after the test. */
export async function trainerOn(device: 'cpu' | 'webgpu', options: Omit<TrainerOptions, 'device' | 'threads'>): Promise<Trainer> {
  const trainer = await openTrainer({ ...options, device, threads: 1 });
  open.push(trainer);
  return trainer;
}

export async function both(options: Omit<TrainerOptions, 'device' | 'threads'>): Promise<readonly [cpu: Trainer, webgpu: Trainer]> {
  return [await trainerOn('cpu', options), await trainerOn('webgpu', options)];
}

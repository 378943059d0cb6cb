import { openLoopTrainer } from '../../../src/engine/runtime/cuda/loop-trainer.ts';
import { openTrainer, type Device, type Trainer, type TrainerOptions } from '../../../src/engine/runtime/index.ts';

/** True where there is no GPU and the check itself is tried: what would run on CUDA runs on the CPU provider, in the same loop. */
export const isRehearsal = process.env['GPU_CHECK_REHEARSAL'] === '1';

export function open(device: Device, options: Omit<TrainerOptions, 'device'>): Promise<Trainer> {
  return device === 'cuda' && isRehearsal ? openLoopTrainer(options, 'cpu') : openTrainer({ ...options, device });
}

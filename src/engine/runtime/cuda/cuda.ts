import { openLoopForward, openLoopTrainer } from './loop-trainer.ts';
import type { ForwardModel, ForwardOptions, Trainer, TrainerOptions } from '../trainer.ts';

/** A forward pass on an NVIDIA GPU. */
export function openForward(options: ForwardOptions): Promise<ForwardModel> {
  return openLoopForward(options, 'cuda');
}

/** A trainer on an NVIDIA GPU. */
export function openTrainer(options: TrainerOptions): Promise<Trainer> {
  return openLoopTrainer(options, 'cuda');
}

import { openLoopForward, openLoopTrainer } from './loop-trainer.ts';
import { openLoopKeeper } from './loop-keeper.ts';
import type { ForwardModel, ForwardOptions, Trainer, TrainerOptions } from '../trainer.ts';

/** Of this process: a fold's trainer finds the loop of the one before it. */
const keeper = openLoopKeeper();

/** A forward pass on an NVIDIA GPU. */
export async function openForward(options: ForwardOptions): Promise<ForwardModel> {
  await keeper.releaseAll();
  return openLoopForward(options, 'cuda');
}

/** A trainer on an NVIDIA GPU. */
export function openTrainer(options: TrainerOptions): Promise<Trainer> {
  return openLoopTrainer(options, 'cuda', keeper);
}

import { openKeeper } from './keeper.ts';
import type { LoopSession } from './loop-session.ts';
import { openLoopForward, openLoopTrainer } from './loop-trainer.ts';
import type { ForwardModel, ForwardOptions, Trainer, TrainerOptions } from '../trainer.ts';

/** Of this process. The folds of a run have one graph, so a fold's trainer finds the loop of the one before it, and its pace. */
const keeper = openKeeper<LoopSession>();

/** A forward pass on an NVIDIA GPU. */
export async function openForward(options: ForwardOptions): Promise<ForwardModel> {
  await keeper.releaseAll();
  return openLoopForward(options, 'cuda');
}

/** A trainer on an NVIDIA GPU. */
export function openTrainer(options: TrainerOptions): Promise<Trainer> {
  return openLoopTrainer(options, 'cuda', keeper);
}

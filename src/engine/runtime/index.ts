export { openForward, openTrainer } from './open.ts';
export { openModelFile } from './session.ts';
export type {
  Device,
  ForwardModel,
  ForwardOptions,
  MicroBatch,
  OptimizerState,
  Snapshot,
  StepBatch,
  StepFeeds,
  StepResult,
  Tensors,
  Trainer,
  TrainerOptions,
} from './trainer.ts';

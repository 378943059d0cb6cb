export { openForward, openTrainer } from './open.ts';
export { openModelFile } from './session.ts';
export type { Device, ForwardModel, ForwardOptions, OptimizerState, Snapshot, StepBatch, StepResult, Tensors, Trainer, TrainerOptions } from './trainer.ts';

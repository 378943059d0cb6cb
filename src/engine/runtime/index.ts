export { openForward, openTrainer } from './cpu.ts';
export { openModelFile } from './session.ts';
export type { ForwardModel, ForwardOptions, OptimizerState, Snapshot, StepResult, Tensors, Trainer, TrainerOptions } from './trainer.ts';

export { bindSymbols } from './batch.ts';
export { cudaVariables, lookForCuda } from './cuda/libraries.ts';
export { deviceMemory, forwardMemory, type DeviceMemory, type DeviceMemoryOf, type GpuDevice } from './device-memory.ts';
export { onnxruntimeVersion } from './installed.ts';
export { openForward, openTrainer } from './open.ts';
export { isOutOfMemory, outOfMemory } from './out-of-memory.ts';
export { probe, type Probe } from './probe.ts';
export { HARMFUL_OPTIMIZERS, openModelFile } from './session.ts';
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

export { averaged, averagesOf, LAG } from './averaged.ts';
export type { Arithmetic } from './arithmetic.ts';
export { clipFactor } from './clip.ts';
export { deviceStep, type DeviceOptions, type DeviceStep, type StateSpec } from './steps/device-step.ts';
export { compileSum, compileUpdate, type SumKernel, type UpdateKernels } from './kernels/kernels.ts';
export { lossScaleStart, nextLossScale, type LossScale } from './loss-scale.ts';
export { compileMask, keepThreshold, keyAfter, maskKey, type MaskKernel, type MaskKey } from './masks.ts';
export { loopStep, summedLoopStep } from './steps/loop-step.ts';
export { operationsPerNumber } from './operations.ts';
export { plateauStart, plateauStep, type PlateauOptions, type PlateauState } from './plateau.ts';
export { adam, adamw, groupOf, settingsOf, sgd } from './rules.ts';
export type { AdamOptions, Optimizer, ParameterGroup, SgdOptions, StepRates, StepSettings, UpdateRule } from './rules.ts';
export {
  constantFactor,
  cosineAnnealing,
  cosineRestarts,
  cosineWave,
  linearDecay,
  milestoneDecay,
  oneCycle,
  polynomialDecay,
  scaled,
  stepDecay,
  warmedUp,
} from './schedules.ts';
export { rateSchedule, type Factor, type OneCycleOptions, type Rates, type Schedule, type ScheduleChoice } from './schedules.ts';
export { summedStep, type SummedStep, type SumSpec } from './steps/summed-step.ts';
export { instantiate } from './kernels/wasm-module.ts';

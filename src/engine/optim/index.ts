export { numbers, type Arithmetic } from './arithmetic.ts';
export { clipFactor } from './clip.ts';
export { compileUpdate, type UpdateKernels } from './kernels.ts';
export { compileMask, keepThreshold, keeps, maskKey, type MaskKernel, type MaskKey } from './masks.ts';
export { operationsPerNumber } from './operations.ts';
export { plateauStart, plateauStep, type PlateauOptions, type PlateauState } from './plateau.ts';
export { adam, adamw, sgd, type AdamOptions, type SgdOptions, type StepSettings, type UpdateRule } from './rules.ts';
export { rateSchedule, type Rates, type Schedule, type ScheduleChoice } from './schedules.ts';
export { instantiate } from './wasm-module.ts';

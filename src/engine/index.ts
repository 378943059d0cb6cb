// The engine as a library: `import { … } from 'ortrain/engine'`. docs/engine.md shows how the parts go together.
import type { OnnxModel, OnnxOptions } from './graph/onnx/from-onnx.ts';
import type { Graph } from './graph/index.ts';

export { OrtrainError, type ErrorCode, type Problem } from '../core/errors.ts';
export { bind, check, graphBuilder, print, rewrite, toStandard } from './graph/index.ts';
export type { Builder, ConstantData, DType, Dim, Graph, Node, Shape, Value } from './graph/index.ts';
export type { OnnxModel, OnnxOptions } from './graph/onnx/from-onnx.ts';
export { gradients } from './autodiff/index.ts';
export { trainingStepOf, type GraphLoss, type GraphPrograms, type GraphTraining } from './models/index.ts';
export {
  batchFeeds,
  classifierForward,
  encoderForward,
  headForward,
  headStep,
  hiddenForward,
  parseEncoderConfig,
  targetFeeds,
  trainingStep,
  weightFeeds,
} from './models/index.ts';
export {
  binaryCrossEntropy,
  crossEntropy,
  cumulativeLink,
  focalBinaryCrossEntropy,
  focalCrossEntropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  rankCrossEntropy,
  weightedBinaryCrossEntropy,
  weightedCrossEntropy,
} from './models/index.ts';
export type {
  ClassifierOptions,
  EncoderConfig,
  Frozen,
  HeadModelOptions,
  Loss,
  LossArithmetic,
  LossChoice,
  Prefix,
  RankLayer,
  TrainingLoss,
} from './models/index.ts';
export {
  byteSource,
  encodeSafetensors,
  openSafetensors,
  openTorchFile,
  readFloats,
  readIntegers,
  type NamedTensor,
  type Safetensors,
} from './models/index.ts';
export { givenParameters, pretrainedParameters, publishedParameters, randomParameters } from './models/index.ts';
export type { ParameterSource, Pretrained } from './models/index.ts';
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
} from './optim/index.ts';
export { adam, adamw, plateauStart, plateauStep, rateSchedule, sgd } from './optim/index.ts';
export type {
  AdamOptions,
  Factor,
  OneCycleOptions,
  Optimizer,
  ParameterGroup,
  PlateauOptions,
  PlateauState,
  Rates,
  Schedule,
  ScheduleChoice,
  SgdOptions,
  UpdateRule,
} from './optim/index.ts';
export { openForward, openTrainer } from './runtime/index.ts';
export type {
  ForwardModel,
  ForwardOptions,
  MicroBatch,
  OptimizerState,
  Snapshot,
  StepBatch,
  StepFeeds,
  StepResult,
  Trainer,
  TrainerOptions,
} from './runtime/index.ts';
export type { Feeds, ForwardProgram, GradientSpec, HostTensor, Initializer, MaskSpec, ParameterSpec, StepProgram } from './program.ts';
export { operatorCounts, parameterSums, stepMemory, stepWork } from './step-analysis.ts';
export type { OperatorCount, ParameterSum, StepMemory, StepWork, Work } from './step-analysis.ts';
export { choicesOf, type Choice } from './step-choices.ts';

/** The bytes of an ONNX model; see `toOnnx` in graph/onnx/to-onnx.ts. The protobuf library is loaded when it is first needed. */
export async function toOnnx(graph: Graph): Promise<Uint8Array> {
  const onnx = await import('./graph/onnx/to-onnx.ts');
  return onnx.toOnnx(graph);
}

/** A graph from the bytes of an ONNX model; see `fromOnnx` in graph/onnx/from-onnx.ts. Throws OrtrainError `data` if it cannot be read. */
export async function fromOnnx(bytes: Uint8Array, options?: OnnxOptions): Promise<OnnxModel> {
  const onnx = await import('./graph/onnx/from-onnx.ts');
  return onnx.fromOnnx(bytes, options);
}

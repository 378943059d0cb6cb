export { parseEncoderConfig } from './config/parse-config.ts';
export { withVocabulary, type EncoderConfig } from './config/encoder-config.ts';
export { inspectPretrained, pretrainedParameters, type Pretrained } from './weights/checkpoint.ts';
export {
  classifierForward,
  encoderForward,
  headForward,
  headModel,
  headStep,
  hiddenForward,
  lowerForward,
  lowerWidth,
  trainingStep,
  type ClassifierOptions,
  type HeadModelOptions,
  type PublishedClassifier,
  type TrainingLoss,
} from './classifier.ts';
export { batchFeeds, featureFeeds, stateFeeds, targetFeeds, weightFeeds } from './feeds.ts';
export { ensembleOf, type Averaged } from './exports/ensemble.ts';
export { float16Bits, inFloat16 } from './exports/float16.ts';
export { trainingStepOf, type GraphLoss, type GraphPrograms, type GraphTraining } from './graph-step.ts';
export type { HeadOptions } from './head.ts';
export type { OutputScale } from './head-layout.ts';
export { inInt8 } from './exports/int8.ts';
export { lossOfLogits } from './loss-arithmetic.ts';
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
  type Loss,
  type LossArithmetic,
  type LossChoice,
} from './losses.ts';
export type { RankLayer } from './rank-layer.ts';
export { classificationClass, portableClassifier, portableFeeds, withWeights, type PortableModel } from './exports/portable.ts';
export { featureWidth, type Pooling } from './pooling.ts';
export { poolerState, type PoolerState } from './weights/pooler.ts';
export { depthOf, freezableLayers, type Frozen, type Prefix } from './prefix.ts';
export { givenParameters, randomParameters, type ParameterSource } from './weights/parameters.ts';
export { publishedParameters } from './weights/published.ts';
export { commonTensors, savedClassifier, type SavedClassifier } from './weights/saved-classifier.ts';
export {
  byteSource,
  encodeSafetensors,
  fromFloat16,
  openSafetensors,
  readFloats,
  readIntegers,
  safetensorsHeader,
  type NamedTensor,
  type Safetensors,
} from './formats/safetensors.ts';
export { INDEX_FILE, joinShards, parseWeightMap, type WeightMap } from './formats/sharded-safetensors.ts';
export { openTorchFile } from './formats/torch/open.ts';
export type { ByteSource } from './formats/byte-source.ts';

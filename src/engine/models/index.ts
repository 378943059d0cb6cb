export { parseEncoderConfig } from './architectures.ts';
export { withVocabulary, type EncoderConfig, type ModelType } from './encoder-config.ts';
export { inspectPretrained, pretrainedParameters, type Pretrained } from './checkpoint.ts';
export {
  classifierForward,
  encoderForward,
  headForward,
  headStep,
  trainingStep,
  type ClassifierOptions,
  type HeadModelOptions,
  type PublishedClassifier,
  type TrainingLoss,
} from './classifier.ts';
export { batchFeeds, featureFeeds, targetFeeds } from './feeds.ts';
export { inFloat16 } from './float16.ts';
export { trainingStepOf, type GraphLoss, type GraphPrograms, type GraphTraining } from './graph-step.ts';
export type { HeadOptions } from './head.ts';
export { inInt8 } from './int8.ts';
export { binaryCrossEntropy, crossEntropy, lossOfLogits, type Loss, type LossArithmetic, type LossChoice } from './losses.ts';
export { classificationClass, portableClassifier, portableFeeds, withWeights, type PortableModel } from './portable.ts';
export { givenParameters, randomParameters, type ParameterSource } from './parameters.ts';
export { commonTensors, savedClassifier, type SavedClassifier } from './saved-classifier.ts';
export {
  byteSource,
  encodeSafetensors,
  openSafetensors,
  readFloats,
  readIntegers,
  type NamedTensor,
  type Safetensors,
} from './safetensors.ts';
export { INDEX_FILE, joinShards, parseWeightMap, type WeightMap } from './sharded-safetensors.ts';
export type { ByteSource } from './safetensors-header.ts';

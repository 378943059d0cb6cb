export { parseEncoderConfig } from './architectures.ts';
export type { EncoderConfig, ModelType } from './encoder-config.ts';
export { pretrainedParameters, type Pretrained } from './checkpoint.ts';
export {
  classifierForward,
  encoderForward,
  headForward,
  headStep,
  trainingStep,
  type ClassifierOptions,
  type HeadModelOptions,
} from './classifier.ts';
export { batchFeeds, featureFeeds, targetFeeds } from './feeds.ts';
export type { HeadOptions } from './head.ts';
export { randomParameters, sizeOf, type ParameterSource } from './parameters.ts';
export { savedClassifier, type SavedClassifier } from './saved-classifier.ts';
export { byteSource, encodeSafetensors, openSafetensors, readFloats, readIntegers, type NamedTensor, type Safetensors } from './safetensors.ts';
export type { ByteSource } from './safetensors-header.ts';

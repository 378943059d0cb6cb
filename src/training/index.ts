export { featureSource, tokenSource, type BatchSource, type FeatureSet } from './batch-source.ts';
export { checkpointStep, openCheckpoints } from './checkpoint.ts';
export {
  copyModelFolder,
  encoderFiles,
  initialWeights,
  readModelFolder,
  writeModelFolder,
  type InitialWeights,
  type StartingModel,
} from './classifier-folder.ts';
export { classifierPrograms, openClassifier, optimizerOf } from './classifier.ts';
export { ensemblePredictions, type EnsembleInput } from './ensemble.ts';
export { loadFeatures, saveFeatures } from './features.ts';
export { fit } from './fit.ts';
export { forwardAll, forwardEach } from './inference.ts';
export { stepFeedsOf } from './micro-batches.ts';
export { emptyStates, encodingPrograms, sharedTensors, trainedPart, type Freezing, type TrainedPart } from './part.ts';
export { PORTABLE_FILES, writePortableFolder, type Precision } from './portable-folder.ts';
export { portablePredictions } from './portable-predictions.ts';
export { createStates, stateSource, type StateSet, type StateShape, type Store } from './states.ts';
export { modelFolderFiles, saveShared, type Sharing } from './weight-files.ts';
export { fewerThan, inRows, remedyFor, tooMuchIn, type RowsKey } from './within-memory.ts';

export { findModel, type FoundModel } from './models/found-model.ts';
export { openModel, type OpenedModel } from './models/opened-model.ts';
export { featureSource, tokenSource, type BatchSource, type FeatureSet } from './batch-source.ts';
export { checkpointProgress, openCheckpoints } from './fit/checkpoint.ts';
export {
  copyModelFolder,
  encoderFiles,
  initialWeights,
  readModelFolder,
  writeModelFolder,
  type InitialWeights,
  type StartingModel,
} from './folders/classifier-folder.ts';
export { classifierPrograms, emptyTargets, learnedFrom, openClassifier, optimizerOf, type Learned } from './classifier.ts';
export { ensemblePredictions, type EnsembleInput } from './ensemble.ts';
export { loadFeatures, saveFeatures } from './features.ts';
export { fit, type FitResult } from './fit/fit.ts';
export { forwardAll, forwardEach } from './inference.ts';
export { stepFeedsOf } from './fit/micro-batches.ts';
export { emptyStates, encodingPrograms, sharedTensors, trainedPart, type Freezing, type TrainedPart } from './part.ts';
export { PORTABLE_FILES, writePortableFile, writePortableFolder, type Precision } from './folders/portable-folder.ts';
export { portablePredictions } from './folders/portable-predictions.ts';
export { createStates, stateSource, type StateSet, type StateShape, type Store } from './states.ts';
export { modelFolderFiles, saveShared, type Sharing } from './folders/weight-files.ts';
export { fewerThan, inRows, remedyFor, tooMuchIn, type RowsKey } from './within-memory.ts';

export { throwIfBlobChanged } from './blobs.ts';
export { hubSettings } from './cache.ts';
export { hubTarget, uploadFolder, type HubTarget, type Uploaded } from './upload.ts';
export { localModel, resolveModel, type DownloadProgress } from './hub.ts';
export {
  missingFiles,
  modelFiles,
  openTensorFile,
  openWeights,
  outsideLinks,
  presentFiles,
  readEncoderConfig,
  throwIfStray,
} from './model-folder.ts';
export { isWeightFile, weightFiles, WEIGHTS, weightsNotice } from './weight-forms.ts';

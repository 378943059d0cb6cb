export { throwIfBlobChanged } from './blobs.ts';
export { hubSettings } from './cache.ts';
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
  weightFiles,
  WEIGHTS,
} from './model-folder.ts';

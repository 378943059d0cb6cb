import { join } from 'node:path';
import type { Experiment } from '../../config/index.ts';
import { placeFile, writeFileAtomic, writeJsonAtomic } from '../../core/files.ts';
import { openTensorFile, openWeights, WEIGHTS } from '../../data/hub/index.ts';
import { writtenForm } from '../../data/tokenizer/index.ts';
import {
  commonTensors,
  encodeSafetensors,
  INDEX_FILE,
  type EncoderConfig,
  type NamedTensor,
  type ParameterSource,
  type Safetensors,
  type SavedClassifier,
} from '../../engine/models/index.ts';
import type { ParameterSpec } from '../../engine/program.ts';

/** Tensors that the folds share, and the rest. */
const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;

/** Pooling and head where no class of Hugging Face's computes what is pooled; the files of weights then hold the encoder alone. */
export const HEAD_FILE = 'head.safetensors';

/** What of a model's weights the folds share. */
export type Sharing = 'nothing' | 'encoder' | 'layers';

/** The files that every model directory has; `files`: names of the pretrained model's. */
export function modelFolderFiles(pooling: Experiment['model']['pooling'], sharing: Sharing, files: readonly string[]): readonly string[] {
  const isApart = pooling !== 'default';
  const isOne = sharing === 'nothing' || (sharing === 'encoder' && isApart);
  return ['config.json', writtenForm(files), ...(isOne ? [WEIGHTS] : [...SHARDS, INDEX_FILE]), ...(isApart ? [HEAD_FILE] : [])];
}

export interface SharedWeights {
  /** As `saveShared` wrote it. */
  readonly file: string;
  readonly isEncoder: boolean;
}

interface Weights {
  readonly config: EncoderConfig;
  readonly source: ParameterSource;
  /** The tensors that the folds share: a file of them, and whether it holds the whole encoder. */
  readonly shared?: SharedWeights;
}

/** Writes a model's weights in Hugging Face's layout. What folds share is a link to one file. */
export function writeWeights(folder: string, saved: SavedClassifier, { config, source, shared }: Weights): void {
  const given = shared === undefined ? undefined : openTensorFile(shared.file).entries;
  const own = saved.tensors(source, new Set(given?.keys()));
  const encoder = new Set(commonTensors(config).map(({ name }) => name));
  const ofEncoder = saved.isApart ? own.filter(({ name }) => encoder.has(name)) : own;
  if (saved.isApart) writeFileAtomic(join(folder, HEAD_FILE), encodeSafetensors(own.filter(({ name }) => !encoder.has(name))));
  if (shared === undefined || given === undefined) writeFileAtomic(join(folder, WEIGHTS), encodeSafetensors(ofEncoder));
  else if (saved.isApart && shared.isEncoder) placeFile(shared.file, join(folder, WEIGHTS));
  else writeInTwo(folder, shared.file, [...given].map(([name, { shape }]) => ({ name, shape })), ofEncoder);
}

/** The shared file and one for the rest, with the index by which Hugging Face's tools find both. */
function writeInTwo(
  folder: string,
  sharedFile: string,
  shared: readonly Pick<ParameterSpec, 'name' | 'shape'>[],
  rest: readonly NamedTensor[],
): void {
  const [sharedName, restName] = SHARDS;
  placeFile(sharedFile, join(folder, sharedName));
  writeFileAtomic(join(folder, restName), encodeSafetensors(rest));
  const size = (tensors: readonly Pick<ParameterSpec, 'shape'>[]): number =>
    4 * tensors.reduce((sum, { shape }) => sum + shape.reduce((product, axis) => product * axis, 1), 0);
  const mapped = [...shared.map(({ name }) => [name, sharedName] as const), ...rest.map(({ name }) => [name, restName] as const)];
  writeJsonAtomic(join(folder, INDEX_FILE), {
    metadata: { total_size: size(shared) + size(rest) },
    weight_map: Object.fromEntries(mapped.sort(([a], [b]) => (a < b ? -1 : 1))),
  });
}

/** All weights of a model directory. */
export function openSaved(folder: string, { isApart }: SavedClassifier): Safetensors {
  const weights = openWeights(folder);
  if (!isApart) return weights;
  const { entries } = openTensorFile(join(folder, HEAD_FILE));
  return { ...weights, entries: new Map([...weights.entries, ...entries]) };
}

/** Writes tensors that folds share. */
export function saveShared(path: string, tensors: readonly ParameterSpec[], source: ParameterSource): void {
  writeFileAtomic(path, encodeSafetensors(tensors.map((spec) => ({ ...spec, data: source(spec) }))));
}

import { writeFileAtomic } from '../core/files.ts';
import { unreadable } from '../core/inputs.ts';
import { openTensorFile } from '../data/hub/index.ts';
import { encodeSafetensors, readFloats } from '../engine/models/index.ts';
import type { FeatureSet } from './batch-source.ts';

const TENSOR = 'features';

/** Writes features as a safetensors file with one tensor, [rows, width]. */
export function saveFeatures(path: string, { width, values }: FeatureSet): void {
  writeFileAtomic(path, encodeSafetensors([{ name: TENSOR, shape: [values.length / width, width], data: values }]));
}

export function loadFeatures(path: string): FeatureSet {
  const file = openTensorFile(path);
  const [, width = 0, ...more] = file.entries.get(TENSOR)?.shape ?? [];
  if (width === 0 || more.length > 0) throw unreadable(path, `it has no tensor ${TENSOR} of rows and columns`);
  return { width, values: readFloats(file, TENSOR) };
}

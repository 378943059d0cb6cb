import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../core/files.ts';
import { byteSource, encodeSafetensors, openSafetensors, readFloats } from '../engine/models/index.ts';
import type { FeatureSet } from './batch-source.ts';

const TENSOR = 'features';

/** Writes features as a safetensors file with one tensor, [rows, width]. */
export function saveFeatures(path: string, { width, values }: FeatureSet): void {
  writeFileAtomic(path, encodeSafetensors([{ name: TENSOR, shape: [values.length / width, width], data: values }]));
}

export function loadFeatures(path: string): FeatureSet {
  const file = openSafetensors(byteSource(path, readFileSync(path)));
  return { width: file.entries.get(TENSOR)?.shape[1] ?? 0, values: readFloats(file, TENSOR) };
}

import { join } from 'node:path';
import { readJsonObject } from '../core/inputs.ts';

/** `tokens/examples.json`: the rows behind the token files, in the order of the tables. */
export interface ExampleIndex {
  /** The target's values in class order. */
  readonly classes: readonly string[];
  /** A label is a position in `classes`. */
  readonly train: { readonly ids: readonly string[]; readonly labels: readonly number[] };
  readonly test: { readonly ids: readonly string[] } | null;
}

/** `features/encoder.safetensors`: the frozen encoder's tensors that the models of all folds have in common. */
export const ENCODER_FILE = 'encoder.safetensors';

/** `model/validation.json`: the best model on the fold's own validation rows. */
export interface FoldValidation {
  readonly rows: readonly number[];
  /** [rows] of class 1 for two classes, otherwise [rows, classes], row-major. */
  readonly probabilities: readonly number[];
}

export function readExampleIndex(tokens: string): ExampleIndex {
  return readJson(tokens, 'examples.json');
}

export function readJson<T>(folder: string, name: string): T {
  return readJsonObject(join(folder, name)) as T;
}

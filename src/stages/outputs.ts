import { join } from 'node:path';
import { writeJsonAtomic } from '../core/files.ts';
import { readJsonObject } from '../core/inputs.ts';
import type { Targets } from '../data/examples/index.ts';
import { openTask, type Task, type TaskDescription } from '../tasks/index.ts';

/** The rows behind the token files, in the order of the tables. */
export interface ExampleIndex {
  readonly task: Task;
  readonly train: { readonly ids: readonly string[]; readonly targets: Targets };
  readonly test: { readonly ids: readonly string[] } | null;
}

/** `tokens/examples.json`: the description of the task, and: */
interface StoredIndex {
  /** Targets row after row, null where one is not known. */
  readonly train: { readonly ids: readonly string[]; readonly labels: readonly (number | null)[] };
  readonly test: ExampleIndex['test'];
}

/** `features/encoder.safetensors`: the frozen encoder's tensors that the models of all folds have in common. */
export const ENCODER_FILE = 'encoder.safetensors';

/** `model/validation.json`: the best model on the fold's own validation rows. */
export interface FoldValidation {
  readonly rows: readonly number[];
  /** The numbers of the predictions, row after row. */
  readonly probabilities: readonly number[];
}

export function writeExampleIndex(tokens: string, { task, train, test }: ExampleIndex): void {
  const stored: StoredIndex = { train: { ids: train.ids, labels: [...train.targets.values] }, test };
  writeJsonAtomic(join(tokens, INDEX), { ...task.description, ...stored });
}

export function readExampleIndex(tokens: string): ExampleIndex {
  const { train, test, ...description } = readJson<StoredIndex & TaskDescription>(tokens, INDEX);
  const values = Float64Array.from(train.labels, (label) => label ?? NaN);
  return {
    task: openTask(description),
    train: { ids: train.ids, targets: { width: Math.max(1, values.length / train.ids.length), values } },
    test,
  };
}

const INDEX = 'examples.json';

export function readJson<T>(folder: string, name: string): T {
  return readJsonObject(join(folder, name)) as T;
}

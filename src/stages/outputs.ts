import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochRecord } from '../training/checkpoint.ts';

/** `tokens/examples.json`: the rows behind the token files, in the order of the tables. */
export interface ExampleIndex {
  /** The target's values in class order. */
  readonly classes: readonly string[];
  /** A label is a position in `classes`. */
  readonly train: { readonly ids: readonly string[]; readonly labels: readonly number[] };
  readonly test: { readonly ids: readonly string[] } | null;
}

/** `model/history.json`: how one fold went. */
export interface FoldHistory {
  readonly fold: number;
  readonly best_epoch: number;
  readonly stopped: string;
  readonly epochs: readonly EpochRecord[];
  /** Metrics of the best epoch. */
  readonly best: Readonly<Record<string, number>>;
}

/** `model/validation.json`: the best model on the fold's own validation rows. */
export interface FoldValidation {
  readonly rows: readonly number[];
  /** [rows] of class 1 for two classes, otherwise [rows, classes], row-major. */
  readonly probabilities: readonly number[];
}

/** `metrics.json` of a run. */
export interface RunMetrics {
  readonly classes: readonly string[];
  readonly folds: readonly FoldHistory[];
  /** Mean and standard deviation (n − 1) over the folds of each best epoch's validation metrics, without the `val/`. */
  readonly cv: Readonly<Record<string, { readonly mean: number; readonly sd: number }>>;
  /** `oof/<metric>` on the out-of-fold predictions of all rows. */
  readonly oof: Readonly<Record<string, number>>;
}

export function readExampleIndex(tokens: string): ExampleIndex {
  return readJson(tokens, 'examples.json');
}

export function readJson<T>(folder: string, name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OrtrainError } from '../core/errors.ts';
import { readJsonObject } from '../core/inputs.ts';
import { readDivision, type Division } from '../data/folds/index.ts';
import { openColumns, readTable, type ColumnsFile, type Table } from '../data/tables/index.ts';
import { loadTokens, type TokenSet } from '../data/tokens/index.ts';
import { openExamples, type Predictions } from '../tasks/index.ts';
import type { FoldHistory, ModelHistory, RunMetrics } from '../tracking/index.ts';
import { loadFeatures, type FeatureSet } from '../training/index.ts';

/*
 * The outputs of stages, by their kinds: what a stage leaves in its folder, and how others read it. Files are read when they are asked
 * for.
 */

/** How the output of a kind is opened, given its folder. */
const kinds = {
  examples: openExamples,
  tokens: (folder: string) => ({
    train: (): TokenSet => loadTokens(join(folder, tokenFile('train'))),
    /** Null where there is nothing to predict. */
    test: (): TokenSet | null => (existsSync(join(folder, tokenFile('test'))) ? loadTokens(join(folder, tokenFile('test'))) : null),
  }),
  folds: (folder: string) => ({
    /** Of the rows that are trained on. */
    division: (): Promise<Division> => readDivision(folder),
  }),
  findings: () => ({}),
  baseline: (folder: string) => ({
    /** Of these rows, or null where some of them have none. */
    predictions: (rows: Int32Array): Predictions | null => baselineOf(openColumns(join(folder, BASELINE)), rows),
  }),
  features: (folder: string) => ({
    /** The frozen tensors that the models of all folds have in common. */
    encoderFile: join(folder, ENCODER_FILE),
    train: (): FeatureSet => loadFeatures(join(folder, featureFile('train'))),
    test: (): FeatureSet => loadFeatures(join(folder, featureFile('test'))),
    /** A file of hidden states, where every token is read. */
    states: (part: 'train' | 'test'): string => join(folder, stateFile(part)),
  }),
  model: (folder: string) => ({
    /** In Hugging Face layout. */
    folder: join(folder, MODEL_FOLDER),
    history: (): FoldHistory => readJson<FoldHistory>(folder, HISTORY),
    validation: (): FoldValidation => readJson<FoldValidation>(folder, VALIDATION),
  }),
  /** The model of all rows. */
  final: (folder: string) => ({
    folder: join(folder, MODEL_FOLDER),
    history: (): ModelHistory => readJson<ModelHistory>(folder, HISTORY),
  }),
  evaluation: (folder: string) => ({ metrics: (): RunMetrics => readJson<RunMetrics>(folder, 'metrics.json') }),
  tested: () => ({}),
  predictions: (folder: string) => ({ table: (): Promise<Table> => readTable(join(folder, PREDICTIONS)) }),
  submission: () => ({}),
};

export type Kind = keyof typeof kinds;
export type OutputOf<K extends Kind> = ReturnType<(typeof kinds)[K]>;

export function openOutput<K extends Kind>(kind: K, folder: string): OutputOf<K> {
  return kinds[kind](folder) as OutputOf<K>; // of that kind, by the types above
}

export const tokenFile = (part: 'train' | 'test'): string => `${part}.tokens`;
export const featureFile = (part: 'train' | 'test'): string => `${part}.features`;
export const stateFile = (part: 'train' | 'test'): string => `${part}.states`;
export const BASELINE = 'baseline.columns';
export const ENCODER_FILE = 'encoder.safetensors';
export const MODEL_FOLDER = 'model';
export const HISTORY = 'history.json';
export const VALIDATION = 'validation.json';
export const PREDICTIONS = 'predictions.csv';

/** `model/validation.json`: the best model on the fold's own validation rows. */
export interface FoldValidation {
  readonly rows: readonly number[];
  /** The numbers of the predictions, row after row. */
  readonly probabilities: readonly number[];
}

export function readJson<T>(folder: string, name: string): T {
  return readJsonObject(join(folder, name)) as T;
}

function baselineOf(file: ColumnsFile, rows: Int32Array): Predictions | null {
  const [known, numbers] = [file.integers('rows'), file.numbers('numbers')];
  if (known.length === 0) return null;
  const width = numbers.length / known.length;
  const placeOf = new Map(Array.from(known, (row, place) => [row, place]));
  const own = new Float64Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    const place = placeOf.get(row);
    if (place === undefined) return null;
    own.set(numbers.subarray(place * width, (place + 1) * width), i * width);
  }
  return { width, numbers: own };
}

/** How many rows the output of a stage has. */
export interface StageRows {
  readonly stage: string;
  readonly rows: number;
}

/** Throws a `data` error where two outputs that are read row by row have different rows. */
export function throwUnlessAligned(one: StageRows, other: StageRows): void {
  if (one.rows === other.rows) return;
  const message = `the outputs of ${one.stage} and ${other.stage} do not belong together: ${one.rows} and ${other.rows} rows`;
  throw new OrtrainError('data', message, { remedy: `Make both again: pipeline run with --force ${other.stage}.` });
}

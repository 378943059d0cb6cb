import type { ErrorMessage } from '../../core/packed-errors.ts';
import type { Text } from '../../data/texts/index.ts';
import type { Truncation } from '../../data/tokenizer/index.ts';
import type { Device } from '../../engine/runtime/index.ts';
import type { Predictions } from '../../tasks/index.ts';

/** What a process that classifies holds, and how. */
export interface ClassifierOrder {
  /** Directories, or ONNX files. Their predictions are averaged. */
  readonly models: readonly string[];
  readonly device: Device;
  readonly threads: number;
  /** Rows that go through a model at a time. */
  readonly batchSize: number;
  readonly truncation: Truncation;
  /** What the models are called in errors. */
  readonly name: string;
}

/** What it is told. Each list of texts has a number. */
export type ClassifierRequest =
  | ({ readonly type: 'open' } & ClassifierOrder)
  | { readonly type: 'classify'; readonly id: number; readonly texts: readonly Text[] }
  /** Nobody waits any more. */
  | { readonly type: 'cancel'; readonly id: number };

/** What it answers. */
export type ClassifierAnswer =
  | { readonly type: 'opened' }
  | { readonly type: 'not-opened'; readonly error: ErrorMessage }
  | { readonly type: 'classified'; readonly id: number; readonly predictions: Predictions }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorMessage };

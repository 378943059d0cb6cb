import type { StageEvent } from '../../core/events.ts';
import type { Usage } from '../../core/measures.ts';
import type { ErrorMessage } from '../../core/packed-errors.ts';
import type { Device } from '../../engine/runtime/index.ts';
import type { StageContext } from '../../stages/index.ts';
import type { Predictions } from '../../tasks/index.ts';

type PartialFolder = StageContext<unknown>['partial'];

/** One job, as it travels to the worker that runs it. Plain data: a thread, a process or a machine can take it. */
export interface JobOrder {
  /** `train[2]`: what a person calls it. */
  readonly job: string;
  readonly stage: string;
  readonly params: unknown;
  readonly files: Readonly<Record<string, string>>;
  /** Kind of input to the folders that hold it. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  readonly output: string;
  readonly partial: PartialFolder;
  readonly fold: number;
  readonly device: Device;
  readonly threads: number;
  readonly logEvery: number;
  readonly evalBatchSize: number;
  readonly pauseAfter?: number;
}

/** Texts to predict with the models of a run, in a process of its own. */
export interface PredictionOrder {
  /** The folds' model directories. */
  readonly models: readonly string[];
  /** The file with the tokens of the texts. */
  readonly tokens: string;
  readonly device: Device;
  readonly threads: number;
  readonly batchSize: number;
}

export type PredictionMessage = Exclude<WorkerMessage, { type: 'done' }> | { readonly type: 'done'; readonly predictions: Predictions };

/** What a child process is told; a thread gets orders alone, and hears of the wish to stop through memory that it shares. */
export type ProcessMessage = { readonly type: 'perform'; readonly order: JobOrder } | { readonly type: 'stop' };

export type WorkerMessage =
  | { readonly type: 'event'; readonly event: StageEvent }
  /** A process has measured what it took; a thread cannot be told apart from its process. */
  | { readonly type: 'done'; readonly usage?: Usage }
  | { readonly type: 'failed'; readonly error: ErrorMessage };

import { OrtrainError, type ErrorCode, type Problem } from '../core/errors.ts';
import type { StageEvent, Usage } from '../core/events.ts';
import { explained } from '../core/system-errors.ts';
import type { Device } from '../engine/runtime/index.ts';
import type { StageContext } from '../stages/index.ts';

type PartialFolder = StageContext<unknown>['partial'];

/** One task, as it travels to where it is carried out. Plain data: a thread, a process or a machine can take it. */
export interface TaskOrder {
  /** `train[2]`: what a person calls it. */
  readonly task: string;
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
}

/** What a child process is told; a thread gets orders alone, and hears of the wish to stop through memory that it shares. */
export type ProcessMessage = { readonly type: 'perform'; readonly order: TaskOrder } | { readonly type: 'stop' };

export type WorkerMessage =
  | { readonly type: 'event'; readonly event: StageEvent }
  /** A process has measured what it took; a thread cannot be told apart from its process. */
  | { readonly type: 'done'; readonly usage?: Usage }
  | { readonly type: 'failed'; readonly error: ErrorMessage };

/** An error as plain data, because a thread boundary keeps neither class nor fields. */
export interface ErrorMessage {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly stack: string | undefined;
  readonly subject: string | undefined;
  readonly remedy: string | undefined;
  readonly problems: readonly Problem[];
}

export function packError(thrown: unknown): ErrorMessage {
  const error = explained(thrown);
  const known = error instanceof OrtrainError ? error : undefined;
  return {
    code: known?.code ?? null,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
    subject: known?.subject,
    remedy: known?.remedy,
    problems: known?.problems ?? [],
  };
}

/** The error that `packError` was given; a defect stays a plain Error with its original stack. */
export function unpackError(message: ErrorMessage): Error {
  if (message.code === null) {
    const defect = new Error(message.message);
    if (message.stack !== undefined) defect.stack = message.stack;
    return defect;
  }
  return new OrtrainError(message.code, message.message, {
    problems: message.problems,
    ...(message.subject === undefined ? {} : { subject: message.subject }),
    ...(message.remedy === undefined ? {} : { remedy: message.remedy }),
  });
}

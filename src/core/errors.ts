import { withoutCredentials } from './secrets.ts';

/**
 * What went wrong, as data. The command line renders it once and maps `code` to an exit code.
 *
 * - `usage`, `config`, `data`: what the person gave is wrong (exit code 2)
 * - `environment`, `run`: the machine or the run failed (exit code 1)
 * - `interrupted`: the person stopped it (exit code 130)
 */
export type ErrorCode = 'usage' | 'config' | 'data' | 'environment' | 'run' | 'interrupted';

/** One thing that is wrong, with its place. Lines, columns and rows count from 1; a row counts data rows, without the header. */
export interface Problem {
  /** What is wrong, a sentence without a final full stop. */
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  /** A character position in the line, for configuration files. */
  readonly column?: number;
  /** A data row of a table. */
  readonly row?: number;
  /** The table's column or the configuration's path, such as `training.optimizer.lr`. */
  readonly field?: string;
  /** The line of the file that holds it, as it stands there. */
  readonly snippet?: string;
  /** How many characters of the snippet to underline, from `column` on. */
  readonly width?: number;
  /** The right name or value, where one is near. */
  readonly suggestion?: string;
}

export interface ErrorDetails {
  /** What the error is about: a file, a key, a run. */
  readonly subject?: string;
  /** One sentence that says what to do now. */
  readonly remedy?: string;
  readonly problems?: readonly Problem[];
  readonly cause?: unknown;
}

/**
 * The one error class of the project; anything else that is thrown is a defect. Its texts never hold the user and password of an
 * address: errors end up in logs.
 */
export class OrtrainError extends Error {
  readonly code: ErrorCode;
  readonly subject: string | undefined;
  readonly remedy: string | undefined;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(withoutCredentials(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'OrtrainError';
    this.code = code;
    this.subject = details.subject === undefined ? undefined : withoutCredentials(details.subject);
    this.remedy = details.remedy === undefined ? undefined : withoutCredentials(details.remedy);
    this.problems = (details.problems ?? []).map(publicly);
  }
}

function publicly(problem: Problem): Problem {
  return Object.fromEntries(
    Object.entries(problem).map(([key, value]) => [key, typeof value === 'string' ? withoutCredentials(value) : value]),
  ) as unknown as Problem;
}

/** What ends a job that was asked to pause after an epoch, once its checkpoint is on the disk. */
export const paused = (epoch: number): OrtrainError => new OrtrainError('interrupted', `paused after epoch ${epoch}`, { subject: PAUSE });

export const isPause = (error: unknown): boolean =>
  error instanceof OrtrainError && error.code === 'interrupted' && error.subject === PAUSE;

const PAUSE = 'pause';

/** What a person gets who has asked a run to stop. */
export const interrupted = (): OrtrainError => new OrtrainError('interrupted', 'stopped before the end');

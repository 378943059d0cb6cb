import { OrtrainError, type ErrorCode, type Problem } from './errors.ts';
import { explained } from './system-errors.ts';

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

import { OrtrainError } from '../core/errors.ts';
import { isOutOfMemory } from '../engine/runtime/index.ts';

/** The key that says how many rows go through the model at a time. */
export type RowsKey = 'training.micro_batch' | 'training.eval_batch_size';

/** What goes through the model at a time. */
export interface AtATime {
  readonly key: RowsKey;
  readonly rows: number;
  /** Tokens that each row is padded to. */
  readonly width: number;
}

/** Does a piece of work; where memory runs out, says over what, and which value of which key would take half as much. */
export async function withinMemory<T>({ key, rows, width }: AtATime, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    const what = key === 'training.micro_batch' ? 'a step of' : 'evaluation of';
    const message = `${error.message}: ${what} ${rows} × ${width} tokens at a time is too much`;
    throw new OrtrainError('run', message, {
      ...detailsOf(error),
      problems: [{ message, field: key }],
      remedy: remedyFor(key, fewerThan(rows)),
    });
  }
}

/** The same error, known to be about what goes through the model at a time by this key. */
export function inRows(error: OrtrainError, key: RowsKey): OrtrainError {
  const { message, remedy } = error;
  return new OrtrainError('run', message, {
    ...detailsOf(error),
    problems: [{ message, field: key }],
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** The power of two below; null where one row is too many. */
export function fewerThan(rows: number): number | null {
  return rows <= 1 ? null : 2 ** Math.floor(Math.log2(rows - 1));
}

/** What to do where so many rows at a time would do, or none. */
export function remedyFor(key: RowsKey, rows: number | null): string {
  if (rows === null)
    return (
      'One row at a time is too much: take a smaller model, lower model.max_seq_length, set ' +
      'model.freeze_encoder: true, or use --device cpu.'
    );
  const effect =
    key === 'training.micro_batch'
      ? 'it trains the same model, apart from rounding; folds start from their beginning'
      : 'it changes no result, and the same command resumes from the last checkpoint';
  return `Set ${key}: ${rows}; ${effect}.`;
}

/** Which key is to be changed, and what the error was about. */
export function tooMuchIn(error: OrtrainError): RowsKey | undefined {
  const [problem] = error.problems;
  return problem?.field === 'training.micro_batch' || problem?.field === 'training.eval_batch_size' ? problem.field : undefined;
}

function detailsOf({ subject, cause }: OrtrainError): { readonly subject?: string; readonly cause?: unknown } {
  return { ...(subject === undefined ? {} : { subject }), ...(cause === undefined ? {} : { cause }) };
}

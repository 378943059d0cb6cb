import { OrtrainError } from '../../core/errors.ts';
import type { Listener } from '../../core/events.ts';
import type { ModelProcess } from './model-process.ts';

/** A process that holds models, or the one that took its place. */
export type ReplaceableProcess = Pick<ModelProcess, 'classify' | 'end'>;

export interface Replacement {
  readonly start: () => ModelProcess;
  /** Throws where the files of the models are no longer those that were opened first. */
  readonly verify: () => Promise<void>;
  /** Hears which process was lost. */
  readonly onNotice: Listener<string>;
}

/**
 * Replaces a process that has ended, also one that ended while it was idle, as soon as texts come. The new one answers only with the same
 * models: where it cannot open them, those who wait get a `run` error, and the next texts start another.
 */
export function replaceable(first: ModelProcess, { start, verify, onNotice }: Replacement): ReplaceableProcess {
  let current = first;
  let opened: Promise<void> = Promise.resolve();
  return {
    async classify(texts, signal) {
      const lost = current.endedBy();
      if (lost !== undefined) {
        onNotice(`${lost.message}; another process opens the models`);
        current = start();
        opened = openedAgain(current, verify);
        opened.catch(() => {}); // whoever classifies hears of it
      }
      const openedFirst = opened;
      try {
        const predictions = await current.classify(texts, signal);
        await openedFirst;
        return predictions;
      } catch (error) {
        // A process without its models fails at each text; why it has none is the true cause.
        if (signal?.aborted !== true) await openedFirst;
        throw error;
      }
    },
    end: (error) => current.end(error),
  };
}

async function openedAgain(process: ModelProcess, verify: () => Promise<void>): Promise<void> {
  try {
    await Promise.all([process.ready, verify()]);
  } catch (error) {
    const failure = asFailure(error);
    await process.end(failure);
    throw failure;
  }
}

/** Never a `data` error, which would blame a text. */
function asFailure(error: unknown): OrtrainError {
  const own = error instanceof OrtrainError ? error : undefined;
  if (own?.code === 'run' || own?.code === 'interrupted') return own;
  const why = error instanceof Error ? error.message : String(error);
  return new OrtrainError('run', `the models could not be opened again: ${why}`, {
    cause: error,
    ...(own?.subject === undefined ? {} : { subject: own.subject }),
    ...(own?.remedy === undefined ? {} : { remedy: own.remedy }),
  });
}

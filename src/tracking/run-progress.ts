import type { Owner } from '../core/owner.ts';
import { isAtWork } from './at-work.ts';
import { itemsOf } from './growing.ts';
import type { RunHistory } from './history.ts';
import { attemptsOf } from './job-history.ts';

/** How far a run is: a value that JSON can hold. */
export interface RunProgress {
  /** When the latest start was, in milliseconds since 1970; null where there is none. */
  readonly startedAt: number | null;
  /** The processes of all starts that have not ended, the latest last. */
  readonly open: readonly Owner[];
  /** What the latest start came to; null where nothing has ended since. */
  readonly end: 'done' | 'failed' | 'interrupted' | null;
  /** Of all starts that ended, together; null where none has. */
  readonly seconds: number | null;
  /** What the speed of each start depended on, besides model and texts; each once. */
  readonly circumstances: readonly string[];
  /** Whether it shows how fast the work was. */
  readonly isTimed: boolean;
}

export function progressOf({ starts, open, end, seconds, jobs }: RunHistory): RunProgress {
  const attempts = [...jobs.values()].flatMap(attemptsOf);
  return {
    startedAt: starts.at(-1)?.t ?? null,
    open,
    end: end?.type ?? null,
    seconds,
    circumstances: [...new Set(starts.map(({ setup }) => setup))],
    isTimed: attempts.some(({ epochs, passes }) => passes !== undefined || itemsOf(epochs).some(({ work }) => work !== undefined)),
  };
}

/** The process that carries a run out now: one that has begun it, has not told of its end, and lives. */
export function workerOf({ open }: Pick<RunProgress, 'open'>, folder: string): Owner | undefined {
  return open.findLast((owner) => isAtWork(folder, owner));
}

/** The one rule for what state a run is in. */
export function statusOf(progress: Pick<RunProgress, 'open' | 'end'>, folder: string): 'done' | 'running' | 'failed' | 'interrupted' {
  return workerOf(progress, folder) !== undefined ? 'running' : (progress.end ?? 'interrupted');
}

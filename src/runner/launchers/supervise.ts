import { OrtrainError } from '../../core/errors.ts';
import { plural } from '../../core/text.ts';
import { hasWork, startableJobs, systemClock, type QueueState } from '../queue/index.ts';
import type { Engine, LaunchedWorker } from './engine.ts';

export interface Supervision {
  /** Looks no more. */
  end(): Promise<void>;
}

export interface SuperviseOptions {
  /** How many are wanted. */
  readonly count: number;
  readonly state: () => QueueState;
  readonly onLook: (workers: readonly LaunchedWorker[]) => void;
  /** Hears that a worker ended before its time. */
  readonly onEnd: (worker: LaunchedWorker, lastWords: string) => void;
  /** Hears that others were started in their place. */
  readonly onStart: (count: number) => void;
  /** Hears of what cannot go on: no worker is left, and none can be had. */
  readonly onFailure: (error: OrtrainError) => void;
}

const LOOK_EVERY_MS = 2000;

/** Workers that die are replaced, but not for ever: each may have been replaced so often. */
const REPLACED_AT_MOST = 3;

/** So many looks in a row an engine may fail to answer. */
const MOST_FAILURES = 30;

/** Starts workers, replaces those that die while there is something to do, and says so where none is left. */
export async function supervise(engine: Engine, options: SuperviseOptions): Promise<Supervision> {
  const { count, state, onLook, onEnd, onStart, onFailure } = options;
  await engine.start(count);
  const ending = new AbortController();
  const told = new Set<string>();
  let [replaced, failures, last] = [0, 0, ''];
  const look = async (): Promise<void> => {
    const workers = await engine.poll();
    onLook(workers);
    for (const worker of workers) {
      if (worker.state !== 'ended' || told.has(worker.id)) continue;
      told.add(worker.id);
      if (worker.isDone) continue;
      const words = await engine.lastWords(worker.id);
      const why = worker.detail ?? 'for no reason that is known';
      last = `; the last, ${worker.id}, ended (${why})${words === '' ? '' : `; it printed: ${words}`}`;
      onEnd(worker, words);
    }
    const living = workers.filter(({ state: now }) => now !== 'ended').length;
    if (living >= count || !hasWork(state())) return;
    const left = REPLACED_AT_MOST * count - replaced;
    const more = Math.min(missingWorkers(count, living, state()), left);
    if (more > 0) {
      replaced += more;
      await engine.start(more);
      onStart(more);
    } else if (living === 0 && left === 0 && !hasOthers(state())) {
      onFailure(noneLeft(engine, replaced + count, last));
      ending.abort();
    }
  };
  const looking = (async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await systemClock.sleep(LOOK_EVERY_MS, ending.signal);
      if (ending.signal.aborted) return;
      try {
        await look();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures < MOST_FAILURES) continue;
        onFailure(error instanceof OrtrainError ? error : new OrtrainError('environment', String(error), { cause: error }));
        return;
      }
    }
  })();
  return {
    async end() {
      ending.abort();
      await looking;
    },
  };
}

/** How many to start: no more than there are jobs for, since idle workers end by themselves while others still have theirs. */
export function missingWorkers(count: number, living: number, state: QueueState): number {
  const taken = [...state.jobs.values()].filter(({ status }) => status === 'taken').length;
  const idle = Math.max(0, living - taken);
  return Math.max(0, Math.min(count - living, startableJobs(state) - idle));
}

/** Workers that somebody else has started. */
function hasOthers({ clients }: QueueState): boolean {
  return [...clients.values()].some(({ role }) => role === 'worker');
}

function noneLeft({ name }: Engine, started: number, last: string): OrtrainError {
  const message = `${name} has started ${plural(started, 'worker')}, and none is left${last}`;
  return new OrtrainError('environment', message, {
    subject: 'launch',
    remedy: 'Mend what ended them, then start the sweep again: what is done stays.',
  });
}

import { itemsOf } from '../../growing.ts';
import type { Look, RunHistory } from '../../history.ts';
import { attemptsOf, type Attempt, type Decision as Told, type Rate, type JobHistory } from '../../job-history.ts';

/** What the journal of a run adds to its other files. */
export interface JournalStory {
  /** ISO 8601, of the first start; null where the journal has none. */
  readonly startedAt: string | null;
  readonly starts: number;
  readonly jobs: readonly JobStory[];
  readonly looks: readonly Look[];
}

export interface JobStory extends Pick<JobHistory, 'id' | 'stage' | 'fold' | 'seed'> {
  /** Over all starts that it took; null where another run had done it before. */
  readonly seconds: number | null;
  readonly cpuSeconds: number | null;
  readonly peakBytes: number | null;
  /** The rate over the steps, in epochs. */
  readonly rates: readonly Omit<Rate, 'step'>[];
  readonly decisions: readonly Decision[];
  readonly notices: readonly string[];
}

export type Decision = Pick<Told, 'epoch' | 'kind' | 'message'>;

/** Jobs come in the order in which they first appear. */
export function journalStory({ starts, jobs, looks }: RunHistory): JournalStory {
  const [first] = starts;
  return {
    startedAt: first === undefined ? null : new Date(first.t).toISOString(),
    starts: starts.length,
    jobs: [...jobs.values()].map(jobStory),
    looks: itemsOf(looks),
  };
}

function jobStory({ id, stage, fold, seed, past, current, from, rates, decisions, notices }: JobHistory): JobStory {
  const counted = attemptsOf({ past, current }).slice(from);
  const isDone = counted.at(-1)?.finished !== undefined;
  const cpuSeconds = counted.reduce((sum, { finished }) => sum + (finished?.usage?.cpuSeconds ?? 0), 0);
  const peakBytes = counted.reduce((most, { finished }) => Math.max(most, finished?.usage?.peakBytes ?? 0), 0);
  // A fold that is continued after an interruption repeats some decisions and notices; they are the same ones.
  const each = new Map(itemsOf(decisions).map(({ epoch, kind, message }) => [`${epoch} ${kind} ${message}`, { epoch, kind, message }]));
  return {
    ...{ id, stage, fold, seed },
    seconds: isDone ? counted.reduce((sum, attempt) => sum + secondsOf(attempt), 0) : null,
    cpuSeconds: isDone && cpuSeconds > 0 ? cpuSeconds : null,
    peakBytes: isDone && peakBytes > 0 ? peakBytes : null,
    rates: itemsOf(rates).map(({ epoch, lr }) => ({ epoch, lr })),
    decisions: [...each.values()],
    notices: [...new Set(itemsOf(notices))],
  };
}

/** An attempt without an end lasted until its last sign of life. */
function secondsOf({ finished, startedAt, lastAt }: Attempt): number {
  return finished?.seconds ?? Math.max(0, lastAt - startedAt) / 1000;
}

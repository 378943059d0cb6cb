import type { Environment } from '../core/environment.ts';
import type { StageEvent } from '../core/events.ts';
import { ownerName, type Owner } from '../core/owner.ts';
import { isAtWork } from './at-work.ts';
import { journalEntries, type JournalEntry } from './journal.ts';

/** What a journal tells of how far its run is: a value that JSON can hold. */
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
  /** Whether it tells how fast the work was. */
  readonly isTimed: boolean;
}

export const nothingYet: RunProgress = { startedAt: null, open: [], end: null, seconds: null, circumstances: [], isTimed: false };

/** What is known after one more entry. Entries count in the order in which they stand: a clock may be put back. */
export function advance(progress: RunProgress, entry: JournalEntry): RunProgress {
  switch (entry.type) {
    case 'run-started': {
      const like = circumstancesOf(entry.environment);
      const { open, circumstances } = progress;
      return { ...progress, startedAt: entry.t, end: null, open: [...without(open, entry.owner), entry.owner], circumstances: circumstances.includes(like) ? circumstances : [...circumstances, like] };
    }
    case 'run-finished':
    case 'run-failed': {
      const end = entry.type === 'run-finished' ? 'done' : entry.interrupted ? 'interrupted' : 'failed';
      // An end that does not tell whose it is ends the latest start.
      const open = entry.owner === undefined ? progress.open.slice(0, -1) : without(progress.open, entry.owner);
      return { ...progress, end, open, seconds: (progress.seconds ?? 0) + Math.max(0, entry.seconds) };
    }
    case 'task-event':
      return progress.isTimed || !isTimed(entry.event) ? progress : { ...progress, isTimed: true };
    default:
      return progress;
  }
}

/** Reads a whole journal. Throws as what reads its entries does. */
export function readProgress(path: string, read: (path: string) => Iterable<JournalEntry> = journalEntries): RunProgress {
  let progress = nothingYet;
  for (const entry of read(path)) progress = advance(progress, entry);
  return progress;
}

/** The process that carries a run out now: one that has begun it, has not told of its end, and lives. */
export function workerOf({ open }: RunProgress, folder: string): Owner | undefined {
  return open.findLast((owner) => isAtWork(folder, owner));
}

/** The one rule for what state a run is in. */
export function statusOf(progress: RunProgress, folder: string): 'done' | 'running' | 'failed' | 'interrupted' {
  return workerOf(progress, folder) !== undefined ? 'running' : (progress.end ?? 'interrupted');
}

/** What decides how fast a run is, besides its model and texts. */
export function circumstancesOf({ machine, device, threads, versions }: Pick<Environment, 'machine' | 'device' | 'threads' | 'versions'>): string {
  return JSON.stringify([machine.cpu, machine.cores, device, threads, versions['onnxruntime']]);
}

function without(owners: readonly Owner[], owner: Owner): readonly Owner[] {
  return owners.filter((other) => ownerName(other) !== ownerName(owner));
}

function isTimed(event: StageEvent): boolean {
  return (event.type === 'epoch' && event.work !== undefined) || (event.type === 'progress' && event.positions !== undefined);
}

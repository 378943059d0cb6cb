import type { RunEvent } from '../core/events.ts';
import type { SystemFigures } from '../core/measures.ts';
import { ownerName, type Owner } from '../core/owner.ts';
import { setupKey } from './execution-setup.ts';
import { growing, withItem, type Growing } from './growing.ts';
import { journalEntries, soundEntries } from './journal.ts';
import { advanceJob, waiting, type JobHistory } from './job-history.ts';

/** An event and when it happened, in milliseconds of one clock. */
export type Timed = RunEvent & { readonly t: number };

export type RunStarted = Extract<Timed, { type: 'run-started' }>;

/**
 * What has happened in a run so far. Everything that is shown of a run is a view of this: on the terminal, on MLflow, in its report, by
 * `runs`, `show`, `plan`, `diff` and `delete`. Values are never changed, so that an earlier one may be gone back to.
 */
export interface RunHistory {
  readonly starts: readonly Start[];
  /** The latest start. */
  readonly started: RunStarted | undefined;
  /** The processes of all starts that have not ended, the latest last. */
  readonly open: readonly Owner[];
  /** What the latest start came to; null where nothing has ended since. */
  readonly end: { readonly type: 'done' | 'failed' | 'interrupted'; readonly error: string | null } | null;
  /** Of all starts that ended, together; null where none has. */
  readonly seconds: number | null;
  /** By id, in the order in which the journal first names them. */
  readonly jobs: ReadonlyMap<string, JobHistory>;
  /** Those about the run and those of its jobs. */
  readonly notices: Growing<string>;
  readonly looks: Growing<Look>;
  /** By path in the run's folder, as they were put there last. */
  readonly files: ReadonlyMap<string, RecordedFile>;
  /** What is fetched before the run starts. */
  readonly download: Extract<RunEvent, { type: 'download' }> | undefined;
  readonly clock: Clock;
}

interface Clock {
  /** Entries so far. */
  readonly entries: number;
  /** When the last of them was. */
  readonly lastAt: number;
  /** The latest time since the latest start; the last entry may be earlier, where a clock was put back. */
  readonly latestAt: number;
  /** Seconds, without those between an interruption and the next start. */
  readonly worked: number;
}

interface Start {
  readonly t: number;
  /** What decided how fast it was. */
  readonly setup: string;
}

/** What the run took of the machine at one moment. */
export interface Look extends SystemFigures {
  /** Into the run; the time between an interruption and the next start is left out. */
  readonly seconds: number;
}

/** A file as its run last put it into its folder. */
export interface RecordedFile {
  readonly bytes: number;
  readonly sha256: string;
}

export const nothingYet: RunHistory = {
  starts: [],
  started: undefined,
  open: [],
  end: null,
  seconds: null,
  jobs: new Map(),
  notices: growing(),
  looks: growing(),
  files: new Map(),
  download: undefined,
  clock: { entries: 0, lastAt: 0, latestAt: 0, worked: 0 },
};

/** What has happened after some entries. */
export function historyOf(entries: Iterable<Timed>): RunHistory {
  let history: RunHistory = { ...nothingYet, jobs: new Map(), files: new Map() };
  for (const entry of entries) history = after(history, entry, inPlace);
  return history;
}

/** The history in a journal. Throws a data error that names the first line which is no event. */
export function readHistory(path: string): RunHistory {
  return historyOf(journalEntries(path));
}

/** The history in a journal that may be damaged: lines that are no events are left out. */
export function readSoundHistory(path: string): RunHistory {
  return historyOf(soundEntries(path));
}

/** What has happened after one more entry. Entries count in the order in which they stand: a clock may be put back. */
export function advance(before: RunHistory, entry: Timed): RunHistory {
  return after(before, entry, copied);
}

/** How a value gets into a map: of a history that somebody has seen into a copy, while a whole journal is read into the same one. */
type Put = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V) => ReadonlyMap<K, V>;

const copied: Put = (map, key, value) => new Map(map).set(key, value);
const inPlace: Put = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V) => (map as Map<K, V>).set(key, value);

function after(before: RunHistory, entry: Timed, put: Put): RunHistory {
  const clock = clockAfter(before.clock, entry);
  return { ...before, clock, ...changeBy(before, entry, clock, put) };
}

function clockAfter({ entries, lastAt, latestAt, worked }: Clock, { type, t }: Timed): Clock {
  const isStart = type === 'run-started';
  return {
    entries: entries + 1,
    lastAt: t,
    latestAt: isStart ? t : Math.max(t, latestAt),
    worked: isStart ? worked : worked + Math.max(0, t - lastAt) / 1000,
  };
}

function changeBy(history: RunHistory, entry: Timed, { entries, worked }: Clock, put: Put): Partial<RunHistory> {
  switch (entry.type) {
    case 'run-started':
      return begun(history, entry);
    case 'run-finished':
    case 'run-failed':
      return ended(history, entry);
    case 'task-started':
    case 'task-cached':
    case 'task-finished':
    case 'task-event':
      return withTask(history, entry, entries, put);
    case 'notice':
      return { notices: withItem(history.notices, entry.message) };
    case 'system': {
      const { cpuPercent, memoryBytes, freeBytes, gpus } = entry;
      const look = { seconds: worked, cpuPercent, memoryBytes, freeBytes, ...(gpus === undefined ? {} : { gpus }) };
      return { looks: withItem(history.looks, look) };
    }
    case 'artifact':
      return { files: put(history.files, entry.path, { bytes: entry.bytes, sha256: entry.sha256 }) };
    case 'download':
      return { download: entry };
    default:
      return {}; // of a later version
  }
}

function withTask(
  { jobs, notices, starts }: RunHistory,
  entry: Extract<Timed, { readonly task: string }>,
  serial: number,
  put: Put,
): Partial<RunHistory> {
  const job = advanceJob(jobs.get(entry.task), entry, { start: starts.length - 1, serial });
  const isNotice = entry.type === 'task-event' && entry.event.type === 'notice';
  return { jobs: put(jobs, entry.task, job), ...(isNotice ? { notices: withItem(notices, entry.event.message) } : {}) };
}

function begun(history: RunHistory, entry: RunStarted): Partial<RunHistory> {
  const start = { t: entry.t, setup: setupKey(entry.environment) };
  return {
    starts: [...history.starts, start],
    started: entry,
    open: [...without(history.open, entry.owner), entry.owner],
    end: null,
    download: undefined,
    jobs: new Map([...history.jobs].map(([id, job]) => [id, { ...job, now: waiting }])),
  };
}

function ended(history: RunHistory, entry: Extract<Timed, { type: 'run-finished' | 'run-failed' }>): Partial<RunHistory> {
  const type = entry.type === 'run-finished' ? 'done' : entry.interrupted ? 'interrupted' : 'failed';
  return {
    // An end that does not tell whose it is ends the latest start.
    open: entry.owner === undefined ? history.open.slice(0, -1) : without(history.open, entry.owner),
    end: { type, error: entry.type === 'run-failed' ? entry.error : null },
    seconds: (history.seconds ?? 0) + Math.max(0, entry.seconds),
    jobs: new Map([...history.jobs].map(([id, job]) => [id, job.isOpen ? { ...job, isOpen: false } : job])),
  };
}

function without(owners: readonly Owner[], owner: Owner): readonly Owner[] {
  return owners.filter((other) => ownerName(other) !== ownerName(owner));
}

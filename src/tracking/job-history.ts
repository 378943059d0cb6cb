import type { RunEvent, StageEvent } from '../core/events.ts';
import type { FoldRecord, Usage } from '../core/measures.ts';
import { growing, itemsOf, lastOf, withItem, type Growing } from './growing.ts';

type JobEntry = Extract<RunEvent, { readonly task: string }> & { readonly t: number };
type StageEventOf<T extends StageEvent['type']> = Extract<StageEvent, { type: T }>;

/** What has happened to one job of a run. */
export interface JobHistory {
  /** `train[2]`: the stage and its fold. */
  readonly id: string;
  readonly stage: string;
  readonly fold: number | undefined;
  readonly seed: number | undefined;
  /** In the latest start of the run. */
  readonly now: JobNow;
  /** Begun, and neither its end nor that of the run has been told; a fold's end comes with its record. */
  readonly isOpen: boolean;
  /** The number of the entry that began it last, and of the last that had a record of its fold; −1 where there is none. */
  readonly begunBy: number;
  readonly recordedBy: number;
  /** Whether its output is there: another start begins again. */
  readonly isDone: boolean;
  /** Its starts that are over. */
  readonly past: Growing<Attempt>;
  /** The start from which more is to come. */
  readonly current: Attempt | undefined;
  /** The first of its starts that led to what is there now: none before it was interrupted. */
  readonly from: number;
  /** How the fold went, from its first epoch on, once that is told. */
  readonly record: FoldRecord | undefined;
  /** Of the model that is kept; null before the first one. */
  readonly bestEpoch: number | null;
  /** The rate over the steps, each step once. */
  readonly rates: Growing<Rate>;
  readonly decisions: Growing<Decision>;
  readonly notices: Growing<string>;
}

/** One start of a job. */
export interface Attempt {
  /** The run's start that it belongs to: a position in its `starts`. */
  readonly start: number;
  readonly startedAt: number;
  /** Its last sign of life. */
  readonly lastAt: number;
  /** Undefined where its end has not been told. */
  readonly finished: { readonly seconds: number; readonly usage: Usage | undefined } | undefined;
  readonly epochs: Growing<StageEventOf<'epoch'> & { readonly t: number }>;
  /** What went through a model, from report to report; undefined where none was told. */
  readonly passes:
    { readonly seconds: number; readonly positions: number; readonly last: { readonly t: number; readonly positions: number } } | undefined;
}

export interface Rate {
  readonly step: number;
  /** A fraction of the way through it. */
  readonly epoch: number;
  readonly lr: number;
}

export interface Decision extends Pick<StageEventOf<'decision'>, 'epoch' | 'kind' | 'message'> {
  /** How often the job had been started. */
  readonly attempt: number;
  /** Its number among the entries of the journal: decisions of several jobs stand between each other. */
  readonly serial: number;
}

/** What is known of a job while its run is under way. */
export interface JobNow {
  readonly status: 'waiting' | 'running' | 'cached' | 'done';
  readonly startedAt: number;
  /** How many jobs of its stage run at a time; undefined before it has started. */
  readonly lanes: number | undefined;
  /** How long it took, once done. */
  readonly seconds: number;
  /** The latest of each kind. */
  readonly step: StageEventOf<'step'> | undefined;
  readonly epoch: StageEventOf<'epoch'> | undefined;
  readonly progress: StageEventOf<'progress'> | undefined;
  /** The first and the latest report of how far it has come, of the same count. */
  readonly reports: { readonly first: Report; readonly latest: Report } | undefined;
}

interface Report {
  readonly at: number;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

export const waiting: JobNow = {
  status: 'waiting',
  startedAt: 0,
  lanes: undefined,
  seconds: 0,
  step: undefined,
  epoch: undefined,
  progress: undefined,
  reports: undefined,
};

/** A job before its first attempt, and again when work is repeated. */
const nothingTold = {
  isDone: false,
  record: undefined,
  bestEpoch: null,
  rates: growing<Rate>(),
  decisions: growing<Decision>(),
  notices: growing<string>(),
};

/** Where in the history of its run an entry stands. */
interface Place {
  /** The run's latest start: a position in its `starts`. */
  readonly start: number;
  /** Its number among the entries of the journal. */
  readonly serial: number;
}

/** A job after one more entry about it, of which the first follows on undefined. */
export function advanceJob(before: JobHistory | undefined, entry: JobEntry, place: Place): JobHistory {
  const { task: id, stage, fold, seed, t } = entry;
  const job = before ?? {
    id,
    stage,
    fold,
    seed,
    now: waiting,
    isOpen: false,
    begunBy: -1,
    recordedBy: -1,
    past: growing(),
    current: undefined,
    from: 0,
    ...nothingTold,
  };
  const past = job.current === undefined ? job.past : withItem(job.past, job.current);
  switch (entry.type) {
    case 'task-started':
      // What was finished is done anew; what was interrupted is continued, and its time adds up.
      return {
        ...job,
        ...(job.isDone ? { ...nothingTold, from: past.length } : {}),
        now: { ...job.now, status: 'running', startedAt: t, lanes: entry.lanes ?? 1, reports: undefined },
        isOpen: true,
        begunBy: place.serial,
        past,
        current: begunAt(t, place),
      };
    case 'task-cached':
      return { ...job, ...recorded(entry.record, place), past, current: undefined, now: { ...job.now, status: 'cached' }, isDone: true };
    case 'task-finished': {
      const { seconds, usage, record } = entry;
      const finished = { ...(job.current ?? begunAt(t, place)), lastAt: t, finished: { seconds, usage } };
      return {
        ...job,
        ...recorded(record, place),
        past: withItem(job.past, finished),
        current: undefined,
        now: { ...job.now, status: 'done', seconds },
        isDone: true,
      };
    }
    case 'task-event':
      return { ...job, now: nowAfter(job.now, entry.event, t), ...told(job, entry.event, t, place) };
  }
}

/** A job stays open where the record is missing, as in journals of older versions. */
function recorded(record: FoldRecord | undefined, { serial }: Place): Partial<JobHistory> {
  return record === undefined ? {} : { isOpen: false, record, recordedBy: serial };
}

function begunAt(t: number, { start }: Place): Attempt {
  return { start, startedAt: t, lastAt: t, finished: undefined, epochs: growing(), passes: undefined };
}

/** All its starts, the latest last. */
export function attemptsOf({ past, current }: Pick<JobHistory, 'past' | 'current'>): readonly Attempt[] {
  return current === undefined ? itemsOf(past) : [...itemsOf(past), current];
}

/** What an event of its stage changes. */
function told(job: JobHistory, event: StageEvent, t: number, place: Place): Partial<JobHistory> {
  const current = job.current === undefined ? undefined : { ...job.current, lastAt: t };
  // One begins now where the journal lacks its start.
  const during = current ?? begunAt(t, place);
  switch (event.type) {
    case 'step':
      return event.steps > 0
        ? { current, rates: withRate(job.rates, { step: event.step, epoch: (event.step / event.steps) * event.epochs, lr: event.lr }) }
        : { current };
    case 'epoch':
      return { current: { ...during, epochs: withItem(during.epochs, { ...event, t }) } };
    case 'progress':
      return event.positions === undefined ? { current } : { current: { ...during, passes: withPass(during.passes, t, event.positions) } };
    case 'decision': {
      const { epoch, kind, message } = event;
      const decisions = withItem(job.decisions, { epoch, kind, message, attempt: attemptCount(job), serial: place.serial });
      return { current, decisions, ...(kind === 'best-model' ? { bestEpoch: epoch } : {}) };
    }
    case 'notice':
      return { current, notices: withItem(job.notices, event.message) };
    default:
      return { current }; // of a later version
  }
}

/** How often it was started. */
export function attemptCount({ past, current }: Pick<JobHistory, 'past' | 'current'>): number {
  return past.length + (current === undefined ? 0 : 1);
}

/** Where a clock was put back between two reports, nothing went through. */
function withPass(before: Attempt['passes'], t: number, positions: number): Attempt['passes'] {
  const last = { t, positions };
  if (before === undefined) return { seconds: 0, positions: 0, last };
  const [seconds, more] = [t / 1000 - before.last.t / 1000, positions - before.last.positions];
  const counts = more > 0 && seconds >= 0;
  return { seconds: before.seconds + (counts ? seconds : 0), positions: before.positions + (counts ? more : 0), last };
}

/** More than a figure is wide in pixels. */
const MOST_RATES = 4096;

/** A fold that is continued after an interruption repeats some steps; they are the same ones. */
function withRate(rates: Growing<Rate>, rate: Rate): Growing<Rate> {
  const last = lastOf(rates);
  const grown = last === undefined || last.step < rate.step ? withItem(rates, rate) : withRepeated(itemsOf(rates), rate);
  // Takes every second one away, but the first and the last.
  return grown.length <= MOST_RATES ? grown : growing(itemsOf(grown).filter((_, i, { length }) => i % 2 === 0 || i === length - 1));
}

/** In the place of the rate of the same step, or where it belongs. */
function withRepeated(rates: Rate[], rate: Rate): Growing<Rate> {
  const at = rates.findIndex(({ step }) => step >= rate.step);
  rates.splice(at, rates[at]?.step === rate.step ? 1 : 0, rate);
  return growing(rates);
}

function nowAfter(now: JobNow, event: StageEvent, at: number): JobNow {
  switch (event.type) {
    case 'step':
      return { ...now, step: event, reports: reported(now, { at, done: event.step, total: event.steps, unit: 'steps' }) };
    case 'progress':
      return { ...now, progress: event, reports: reported(now, { at, done: event.done, total: event.total, unit: event.unit }) };
    case 'epoch':
      return { ...now, epoch: event };
    default:
      return now;
  }
}

/** A count that starts again, or another one, is a new beginning. */
function reported({ reports }: JobNow, report: Report): JobNow['reports'] {
  const { first, latest } = reports ?? { first: report, latest: report };
  const isContinued = latest.unit === report.unit && latest.total === report.total && latest.done <= report.done;
  return { first: isContinued ? first : report, latest: report };
}

import type { RunEvent, StageEvent } from '../core/events.ts';
import type { FoldRecord, Usage } from '../core/measures.ts';
import { growing, itemsOf, lastOf, withItem, type Growing } from './growing.ts';

type TaskEntry = Extract<RunEvent, { readonly task: string }> & { readonly t: number };
type StageEventOf<T extends StageEvent['type']> = Extract<StageEvent, { type: T }>;

/** What has happened to one task of a run. */
export interface TaskHistory {
  /** `train[2]`: the stage and its fold. */
  readonly task: string;
  readonly stage: string;
  readonly fold: number | undefined;
  /** In the latest start of the run. */
  readonly now: TaskNow;
  /** Begun, and neither its end nor that of the run has been told; a fold's end comes with its record. */
  readonly isOpen: boolean;
  /** Whether its output is there: another start begins anew. */
  readonly isDone: boolean;
  /** All its starts, the latest last. */
  readonly attempts: readonly Attempt[];
  /** The first of the attempts that led to what is there now: none before it was interrupted. */
  readonly from: number;
  /** When the last entry about it was. */
  readonly lastAt: number;
  /** How the fold went, from its first epoch on, once that is told. */
  readonly record: FoldRecord | undefined;
  /** Whether a record was ever told. */
  readonly wasRecorded: boolean;
  /** Of the model that is kept; null before the first one. */
  readonly bestEpoch: number | null;
  /** The rate over the steps, each step once. */
  readonly rates: Growing<Rate>;
  readonly decisions: Growing<Decision>;
  readonly notices: Growing<string>;
}

/** One start of a task. */
export interface Attempt {
  /** The run's start that it belongs to: a position in its `starts`. */
  readonly start: number;
  readonly startedAt: number;
  /** Its last sign of life; undefined while more may come. */
  readonly lastAt: number | undefined;
  /** Undefined where its end has not been told. */
  readonly finished: { readonly seconds: number; readonly usage: Usage | undefined } | undefined;
  readonly epochs: Growing<StageEventOf<'epoch'> & { readonly t: number }>;
  /** What went through a model, from report to report; undefined where none was told. */
  readonly passes: { readonly seconds: number; readonly positions: number; readonly last: { readonly t: number; readonly positions: number } } | undefined;
}

export interface Rate {
  readonly step: number;
  /** A fraction of the way through it. */
  readonly epoch: number;
  readonly lr: number;
}

export interface Decision extends Pick<StageEventOf<'decision'>, 'epoch' | 'kind' | 'message'> {
  /** The attempt in which it was taken. */
  readonly attempt: number;
  /** Its number among the entries of the journal: decisions of several tasks stand between each other. */
  readonly serial: number;
}

/** What is known of a task while its run goes on. */
export interface TaskNow {
  readonly status: 'waiting' | 'running' | 'cached' | 'done';
  readonly startedAt: number;
  /** How many tasks of its stage run at a time; undefined before it has started. */
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

export const waiting: TaskNow = { status: 'waiting', startedAt: 0, lanes: undefined, seconds: 0, step: undefined, epoch: undefined, progress: undefined, reports: undefined };

/** What is told of a task before its first attempt, and again where what was done is done anew. */
const nothingTold = { isDone: false, record: undefined, bestEpoch: null, rates: growing<Rate>(), decisions: growing<Decision>(), notices: growing<string>() };

/** Where in the history of its run an entry stands. */
interface Place {
  /** The run's latest start: a position in its `starts`. */
  readonly start: number;
  /** Its number among the entries of the journal. */
  readonly serial: number;
}

/** A task after one more entry about it, of which the first follows on undefined. */
export function advanceTask(before: TaskHistory | undefined, entry: TaskEntry, place: Place): TaskHistory {
  const { task: id, stage, fold, t } = entry;
  const task = before ?? { task: id, stage, fold, now: waiting, isOpen: false, attempts: [], from: 0, lastAt: t, wasRecorded: false, ...nothingTold };
  switch (entry.type) {
    case 'task-started':
      // What was finished is done anew; what was interrupted is continued, and its time adds up.
      return {
        ...task,
        ...(task.isDone ? { ...nothingTold, from: task.attempts.length } : {}),
        now: { ...task.now, status: 'running', startedAt: t, lanes: entry.lanes ?? 1, reports: undefined },
        isOpen: true,
        attempts: [...closed(task), begunAt(t, place)],
        lastAt: t,
      };
    case 'task-cached':
      return { ...task, ...recorded(entry.record), attempts: closed(task), now: { ...task.now, status: 'cached' }, isDone: true };
    case 'task-finished': {
      const { seconds, usage, record } = entry;
      const attempts = withAttempt(task, t, place, () => ({ lastAt: t, finished: { seconds, usage } }));
      return { ...task, ...recorded(record), attempts, now: { ...task.now, status: 'done', seconds }, lastAt: t, isDone: true };
    }
    case 'task-event':
      return { ...task, lastAt: t, now: nowAfter(task.now, entry.event, t), ...told(task, entry.event, t, place) };
  }
}

/** A task stays open where the record is missing, as in journals of older versions. */
function recorded(record: FoldRecord | undefined): Partial<TaskHistory> {
  return record === undefined ? {} : { isOpen: false, record, wasRecorded: true };
}

function begunAt(t: number, { start }: Place): Attempt {
  return { start, startedAt: t, lastAt: undefined, finished: undefined, epochs: growing(), passes: undefined };
}

/** Its attempts, where no more is to come of the latest one. */
function closed({ attempts, lastAt }: TaskHistory): TaskHistory['attempts'] {
  const last = attempts.at(-1);
  return last === undefined || last.lastAt !== undefined ? attempts : [...attempts.slice(0, -1), { ...last, lastAt }];
}

/** Its attempts with a change to the one that is under way; one begins now where the journal lacks its start. */
function withAttempt({ attempts }: TaskHistory, t: number, place: Place, change: (attempt: Attempt) => Partial<Attempt>): TaskHistory['attempts'] {
  const last = attempts.at(-1);
  const isUnderWay = last !== undefined && last.lastAt === undefined;
  const attempt = isUnderWay ? last : begunAt(t, place);
  return [...(isUnderWay ? attempts.slice(0, -1) : attempts), { ...attempt, ...change(attempt) }];
}

/** What an event of its stage changes. */
function told(task: TaskHistory, event: StageEvent, t: number, place: Place): Partial<TaskHistory> {
  switch (event.type) {
    case 'step':
      return event.steps > 0 ? { rates: withRate(task.rates, { step: event.step, epoch: (event.step / event.steps) * event.epochs, lr: event.lr }) } : {};
    case 'epoch':
      return { attempts: withAttempt(task, t, place, ({ epochs }) => ({ epochs: withItem(epochs, { ...event, t }) })) };
    case 'progress': {
      const { positions } = event;
      return positions === undefined ? {} : { attempts: withAttempt(task, t, place, ({ passes }) => ({ passes: withPass(passes, t, positions) })) };
    }
    case 'decision': {
      const { epoch, kind, message } = event;
      const decisions = withItem(task.decisions, { epoch, kind, message, attempt: task.attempts.length - 1, serial: place.serial });
      return kind === 'best-model' ? { decisions, bestEpoch: epoch } : { decisions };
    }
    case 'notice':
      return { notices: withItem(task.notices, event.message) };
    default:
      return {}; // of a later version
  }
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

function nowAfter(now: TaskNow, event: StageEvent, at: number): TaskNow {
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
function reported({ reports }: TaskNow, report: Report): TaskNow['reports'] {
  const { first, latest } = reports ?? { first: report, latest: report };
  const isContinued = latest.unit === report.unit && latest.total === report.total && latest.done <= report.done;
  return { first: isContinued ? first : report, latest: report };
}

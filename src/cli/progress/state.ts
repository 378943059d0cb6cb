import type { RunEvent, StageEvent } from '../../core/events.ts';

type StepEvent = Extract<StageEvent, { type: 'step' }>;
type EpochEvent = Extract<StageEvent, { type: 'epoch' }>;
type ProgressEvent = Extract<StageEvent, { type: 'progress' }>;

/** What is known of one task. Times are in milliseconds of one clock. */
export interface TaskState {
  readonly id: string;
  readonly stage: string;
  readonly fold: number | undefined;
  readonly status: 'waiting' | 'running' | 'cached' | 'done';
  readonly startedAt: number;
  /** How many tasks of its stage run at a time; undefined before it has started. */
  readonly lanes: number | undefined;
  /** How long it took, once done. */
  readonly seconds: number;
  /** The latest of each kind. */
  readonly step: StepEvent | undefined;
  readonly epoch: EpochEvent | undefined;
  readonly progress: ProgressEvent | undefined;
  /** The first and the latest report of how far it has come, of the same count. */
  readonly reports: { readonly first: Report; readonly latest: Report } | undefined;
}

interface Report {
  readonly at: number;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

/** What is known of a run while it goes on: a pure function of its events and their times. */
export interface RunState {
  readonly run: string;
  readonly folder: string;
  readonly status: 'preparing' | 'running' | 'done' | 'failed';
  readonly download: Extract<RunEvent, { type: 'download' }> | undefined;
  readonly tasks: ReadonlyMap<string, TaskState>;
}

export const nothingYet: RunState = { run: '', folder: '', status: 'preparing', download: undefined, tasks: new Map() };

/** The state after an event that came at `now`. */
export function advance(state: RunState, event: RunEvent, now: number): RunState {
  switch (event.type) {
    case 'download':
      return { ...state, download: event };
    case 'run-started':
      return {
        run: event.run,
        folder: event.folder,
        status: 'running',
        download: undefined,
        tasks: new Map(event.tasks.map((task) => [task.id, waiting(task)])),
      };
    case 'task-started':
      return withTask(state, event.task, { status: 'running', startedAt: now, lanes: event.lanes ?? 1, reports: undefined });
    case 'task-cached':
      return withTask(state, event.task, { status: 'cached' });
    case 'task-finished':
      return withTask(state, event.task, { status: 'done', seconds: event.seconds });
    case 'task-event':
      return withTask(state, event.task, { ...latest(event.event), ...reported(state.tasks.get(event.task), event.event, now) });
    case 'system':
    case 'artifact':
    case 'notice':
      return state;
    case 'run-finished':
      return { ...state, status: 'done' };
    case 'run-failed':
      return { ...state, status: 'failed' };
  }
}

/**
 * Seconds until a running task is done, at the pace of its reports: opening a session takes seconds, in which no step is
 * done, and a checkpoint brings steps that took no time. Undefined before there is anything to go by.
 */
export function taskSecondsLeft({ status, step, reports }: TaskState, now: number): number | undefined {
  if (status !== 'running' || reports === undefined) return undefined;
  const { first, latest } = reports;
  const since = latest.done - first.done;
  const pace = since > 0 ? (latest.at - first.at) / 1000 / since : step !== undefined && step.stepsPerSecond !== null && step.stepsPerSecond > 0 ? 1 / step.stepsPerSecond : undefined;
  return pace === undefined ? undefined : Math.max(0, pace * (latest.total - latest.done) - (now - latest.at) / 1000);
}

/** Seconds until the folds of the stage at work are done: those that wait take turns where others run now, at the pace of those that are known. */
export function foldsSecondsLeft(tasks: readonly TaskState[], now: number): number | undefined {
  const running = tasks.filter(({ status }) => status === 'running');
  const soFar = running.map(({ startedAt }) => (now - startedAt) / 1000);
  const left = running.map((task) => taskSecondsLeft(task, now));
  const finished = tasks.filter(({ status }) => status === 'done').map(({ seconds }) => seconds);
  const known = finished.length > 0 ? finished : left.flatMap((seconds, i) => (seconds === undefined ? [] : [seconds + (soFar[i] ?? 0)]));
  if (known.length === 0) return undefined;
  const pace = known.reduce((total, seconds) => total + seconds, 0) / known.length;
  const lanes = left.map((seconds, i) => seconds ?? Math.max(0, pace - (soFar[i] ?? 0)));
  if (lanes.length === 0) lanes.push(0);
  for (const { status } of tasks) {
    if (status !== 'waiting') continue;
    const soonest = lanes.indexOf(Math.min(...lanes));
    lanes[soonest] = (lanes[soonest] ?? 0) + pace;
  }
  return Math.max(...lanes);
}

/** From the start of the first task to the end of the last, of those that were carried out. */
export function secondsTaken(tasks: readonly TaskState[]): number {
  const done = tasks.filter(({ status }) => status === 'done');
  if (done.length === 0) return 0;
  return Math.max(...done.map(({ startedAt, seconds }) => startedAt / 1000 + seconds)) - Math.min(...done.map(({ startedAt }) => startedAt / 1000));
}

function waiting({ id, stage, fold }: { readonly id: string; readonly stage: string; readonly fold?: number }): TaskState {
  return { id, stage, fold, status: 'waiting', startedAt: 0, lanes: undefined, seconds: 0, step: undefined, epoch: undefined, progress: undefined, reports: undefined };
}

function withTask(state: RunState, id: string, change: Partial<TaskState>): RunState {
  const task = state.tasks.get(id);
  return task === undefined ? state : { ...state, tasks: new Map(state.tasks).set(id, { ...task, ...change }) };
}

function latest(event: StageEvent): Partial<TaskState> {
  switch (event.type) {
    case 'step':
      return { step: event };
    case 'epoch':
      return { epoch: event };
    case 'progress':
      return { progress: event };
    default:
      return {};
  }
}

/** A count that starts again, or another one, is a new beginning. */
function reported(task: TaskState | undefined, event: StageEvent, at: number): Partial<TaskState> {
  const report = event.type === 'step' ? { at, done: event.step, total: event.steps, unit: 'steps' } : event.type === 'progress' ? { at, done: event.done, total: event.total, unit: event.unit } : undefined;
  if (report === undefined) return {};
  const { first, latest: last } = task?.reports ?? { first: report, latest: report };
  const goesOn = last.unit === report.unit && last.total === report.total && last.done <= report.done;
  return { reports: { first: goesOn ? first : report, latest: report } };
}

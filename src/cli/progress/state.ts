import { waiting, type RunHistory, type JobNow } from '../../tracking/index.ts';

/** What is known of one job. Times are in milliseconds of one clock. */
export interface JobState extends JobNow {
  readonly id: string;
  readonly stage: string;
  readonly fold: number | undefined;
  readonly seed: number | undefined;
}

/** What is known of a run while it goes on. */
export interface RunState {
  readonly run: string;
  readonly folder: string;
  readonly status: 'preparing' | 'running' | 'done' | 'failed';
  readonly download: RunHistory['download'];
  /** Those that its latest start announced, in that order. */
  readonly jobs: ReadonlyMap<string, JobState>;
}

export function stateOf({ started, end, download, jobs }: RunHistory): RunState {
  if (started === undefined) return { run: '', folder: '', status: 'preparing', download, jobs: new Map() };
  const { run, folder, tasks: announced } = started;
  const status = end === null ? 'running' : end.type === 'done' ? 'done' : 'failed';
  const stateOfJob = ({ id, stage, fold, seed }: (typeof announced)[number]): JobState => ({
    id,
    stage,
    fold,
    seed,
    ...(jobs.get(id)?.now ?? waiting),
  });
  return { run, folder, status, download, jobs: new Map(announced.map((job) => [job.id, stateOfJob(job)])) };
}

/**
 * Seconds until a running job is done, at the pace of its reports: opening a session takes seconds, in which no step is
 * done, and a checkpoint brings steps that took no time. Undefined before there is anything to go by.
 */
export function jobSecondsLeft({ status, step, reports }: JobNow, now: number): number | undefined {
  if (status !== 'running' || reports === undefined) return undefined;
  const { first, latest } = reports;
  const since = latest.done - first.done;
  const stepsPerSecond = step?.stepsPerSecond ?? 0;
  const pace = since > 0 ? (latest.at - first.at) / 1000 / since : stepsPerSecond > 0 ? 1 / stepsPerSecond : undefined;
  return pace === undefined ? undefined : Math.max(0, pace * (latest.total - latest.done) - (now - latest.at) / 1000);
}
/**
 * Seconds until the folds of the running stage are done: those that wait take turns where others run now, at the pace of those that
 * are known.
 */
export function foldsSecondsLeft(jobs: readonly JobState[], now: number): number | undefined {
  const running = jobs.filter(({ status }) => status === 'running');
  const soFar = running.map(({ startedAt }) => (now - startedAt) / 1000);
  const left = running.map((job) => jobSecondsLeft(job, now));
  const finished = jobs.filter(({ status }) => status === 'done').map(({ seconds }) => seconds);
  const known = finished.length > 0 ? finished : left.flatMap((seconds, i) => (seconds === undefined ? [] : [seconds + (soFar[i] ?? 0)]));
  if (known.length === 0) return undefined;
  const pace = known.reduce((total, seconds) => total + seconds, 0) / known.length;
  const lanes = left.map((seconds, i) => seconds ?? Math.max(0, pace - (soFar[i] ?? 0)));
  if (lanes.length === 0) lanes.push(0);
  for (const { status } of jobs) {
    if (status !== 'waiting') continue;
    const soonest = lanes.indexOf(Math.min(...lanes));
    lanes[soonest] = (lanes[soonest] ?? 0) + pace;
  }
  return Math.max(...lanes);
}

/** From the start of the first job to the end of the last, of those that were carried out. */
export function secondsTaken(jobs: readonly JobState[]): number {
  const done = jobs.filter(({ status }) => status === 'done');
  if (done.length === 0) return 0;
  return (
    Math.max(...done.map(({ startedAt, seconds }) => startedAt / 1000 + seconds)) -
    Math.min(...done.map(({ startedAt }) => startedAt / 1000))
  );
}

import type { Listener, Notice, RunEvent } from '../../core/events.ts';
import { checkExperiment } from '../check/aside.ts';
import { inspectPooler } from '../check/untrained-pooler.ts';
import { choiceInWords } from '../machine/devices.ts';
import { gpuShortage } from '../plan/shortage.ts';
import type { PreparedRun } from '../prepare.ts';
import type { RunPlace } from '../run-place.ts';
import { openWorkerPool } from '../workers/pool.ts';
import type { Elsewhere, JobsElsewhere } from './elsewhere.ts';
import { inParallel } from './in-parallel.ts';
import { addressOf } from './job-graph.ts';
import { MOST_TRIES } from './make-output.ts';
import { byStage, parallelismOf, type Parallelism } from './parallelism.ts';
import { runJob, type JobContext, type JobOutcome } from './run-job.ts';

interface Outcomes {
  /** Jobs whose output was made, not taken from the cache. */
  readonly executed: number;
  readonly files: readonly string[];
}

/**
 * Runs the jobs of an experiment, stage by stage, here or `elsewhere`. Starts again where outputs that were there before are gone:
 * another program has removed or changed them.
 */
export async function runJobs(
  prepared: PreparedRun,
  place: RunPlace,
  signal: AbortSignal | undefined,
  report: Listener<RunEvent>,
  elsewhere?: Elsewhere,
): Promise<Outcomes> {
  let executed = 0;
  for (let tries = 1; ; tries += 1) {
    const done = new Map<string, JobOutcome>();
    try {
      const outcomes = await runOnce({ prepared, place, report, done }, signal, elsewhere);
      return { ...outcomes, executed: outcomes.executed + executed };
    } catch (error) {
      const gone = signal?.aborted === true || tries === MOST_TRIES ? undefined : await firstGone(prepared, done);
      if (gone === undefined) throw error;
      executed += [...done.values()].filter(({ isMade }) => isMade).length;
      const message = `the output of ${gone} was changed or removed while it was in use; it is made again`;
      report({ type: 'notice', run: place.run, level: 'warning', message });
    }
  }
}

/** True where the cache holds the output of every job. */
export async function areDone({ jobs, cache, forced }: PreparedRun): Promise<boolean> {
  if (forced.size > 0) return false;
  for (const job of jobs) if ((await cache.inspect(addressOf(job))).kind !== 'sound') return false;
  return true;
}

/** A job that had its output in this run and has it no longer. */
async function firstGone({ jobs, cache }: PreparedRun, done: ReadonlyMap<string, JobOutcome>): Promise<string | undefined> {
  for (const job of jobs) if (done.has(job.id) && (await cache.inspect(addressOf(job))).kind !== 'sound') return job.id;
  return undefined;
}

type Shared = Pick<JobContext, 'prepared' | 'place' | 'report' | 'done'>;

async function runOnce(shared: Shared, signal: AbortSignal | undefined, elsewhere: Elsewhere | undefined): Promise<Outcomes> {
  const { prepared, place, report } = shared;
  const pool = openWorkerPool(prepared);
  const aborting = new AbortController();
  const stop = (): void => {
    aborting.abort();
    pool.stop();
  };
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  const outcomes: JobOutcome[] = [];
  let others: JobsElsewhere | undefined;
  try {
    const isDone = await areDone(prepared);
    if (!isDone) others = await elsewhere?.begin(prepared);
    if (!isDone) {
      prepared.cache.keepAlive();
      for await (const notice of startNotices(prepared, signal)) report({ type: 'notice', run: place.run, ...notice });
    }
    let isWarned = isDone;
    for (const jobs of byStage(prepared.jobs)) {
      if (!isWarned && others === undefined && jobs.some(({ stage }) => stage.usesDevice)) {
        isWarned = true;
        const message = await gpuShortage(prepared);
        if (message !== undefined) report({ type: 'notice', run: place.run, level: 'warning', message });
      }
      const parallelism: Parallelism =
        others !== undefined
          ? { lanes: jobs.length, threads: prepared.threads }
          : isDone
            ? { lanes: 1, threads: prepared.threads }
            : await parallelismOf(prepared, jobs);
      const work = (job: (typeof jobs)[number], lane: number): Promise<JobOutcome> => {
        const worker = () => (parallelism.lanes === 1 ? pool.single() : pool.process(lane));
        return runJob(job, { ...shared, parallelism, signal: aborting.signal, worker, elsewhere: others });
      };
      outcomes.push(...(await inParallel(jobs, parallelism.lanes, work, stop)));
      await pool.endProcesses();
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    others?.end();
    await pool.close();
  }
  return { executed: outcomes.filter(({ isMade }) => isMade).length, files: outcomes.flatMap(({ files }) => files) };
}

/** What is worth knowing before anything is made: the device, its precision, and what the checks have found. */
async function* startNotices(prepared: PreparedRun, signal: AbortSignal | undefined): AsyncGenerator<Notice> {
  const { deviceChoice, precisionChoice, experiment, modelFolder } = prepared;
  yield { level: 'info', message: choiceInWords(deviceChoice) };
  if (precisionChoice.why !== null) yield { level: 'info', message: precisionChoice.why };
  yield* await checkExperiment(experiment, modelFolder, signal);
  for (const { severity: level, message } of inspectPooler(experiment, modelFolder)) yield { level, message };
}

import { interrupted, isPause } from '../../core/errors.ts';
import type { Listener, RunEvent, StageEvent } from '../../core/events.ts';
import type { FoldRecord, Usage } from '../../core/measures.ts';
import { openOutput } from '../../stages/index.ts';
import { explainedMemory } from '../plan/out-of-memory.ts';
import type { PreparedRun } from '../prepare.ts';
import { artifactEvent, publish } from '../publish.ts';
import type { RunPlace } from '../run-place.ts';
import type { StageWorker } from '../workers/worker.ts';
import type { JobsElsewhere } from './elsewhere.ts';
import { placeOf, type Job } from './job-graph.ts';
import { makeUnlessDone } from './make-output.ts';
import type { Parallelism } from './parallelism.ts';

export interface JobOutcome {
  /** False where the cache had it. */
  readonly isMade: boolean;
  /** Files and folders that it put into the run's folder. */
  readonly files: readonly string[];
}

export interface JobContext {
  readonly prepared: PreparedRun;
  readonly place: RunPlace;
  readonly parallelism: Parallelism;
  /** Aborted where the person asks to stop, or another job has failed. */
  readonly signal: AbortSignal;
  readonly worker: () => StageWorker;
  /** Makes the output instead of this process. */
  readonly elsewhere: JobsElsewhere | undefined;
  readonly report: Listener<RunEvent>;
  /** Collects the jobs that have their output. */
  readonly done: Map<string, JobOutcome>;
}

/**
 * Makes the output of a job unless the cache holds it, reports what happens, and publishes the output into the run's folder. A job that
 * pauses as asked leaves its checkpoint and nothing else.
 */
export async function runJob(job: Job, context: JobContext): Promise<JobOutcome> {
  const { place, parallelism, signal, report } = context;
  if (signal.aborted) throw interrupted();
  const about = { run: place.run, task: job.id, stage: job.stage.name, ...placeOf(job) };
  const emit: Listener<StageEvent> = (event) => report({ type: 'task-event', ...about, event });
  const began = performance.now();
  const onStart = (): void => report({ type: 'task-started', ...about, ...(context.elsewhere === undefined ? parallelism : {}) });
  const outcome = await made(job, context, emit, onStart).catch((error: unknown) => {
    if (isPause(error)) return undefined;
    throw error;
  });
  if (outcome === undefined) return { isMade: false, files: [] };
  const { isMade, usage, seconds = (performance.now() - began) / 1000 } = outcome;
  context.done.set(job.id, { isMade, files: [] });
  const record = foldRecord(job);
  if (isMade) report({ type: 'task-finished', ...about, seconds, ...(usage === undefined ? {} : { usage }), ...record });
  else report({ type: 'task-cached', ...about, ...record });
  const published = publish(job, place.folder);
  for (const path of published.flatMap(({ files }) => files)) report({ ...(await artifactEvent(path, place)), ...about });
  return { isMade, files: published.map(({ path }) => path) };
}

interface Made {
  readonly isMade: boolean;
  readonly usage: Usage | undefined;
  /** What it took the worker that made it. */
  readonly seconds?: number;
}

async function made(job: Job, context: JobContext, emit: Listener<StageEvent>, onStart: () => void): Promise<Made> {
  const { prepared, parallelism, signal, worker, elsewhere } = context;
  if (elsewhere !== undefined) {
    const outcome = await elsewhere.make(job, signal, onStart);
    return { isMade: outcome !== undefined, usage: undefined, ...outcome };
  }
  const making = makeUnlessDone(job, { prepared, signal, threads: parallelism.threads, worker, emit, onStart });
  const usage = await making.catch(async (error: unknown) => {
    throw await explainedMemory(error, prepared, job, parallelism.lanes);
  });
  return { isMade: usage !== undefined, usage };
}

/** How the training of a model went, from its first epoch on: a part of it may stand in the journal of another run, or in none. */
function foldRecord({ stage, output }: Job): { readonly record?: FoldRecord } {
  if (stage.makes !== 'model' && stage.makes !== 'final') return {};
  const { best_epoch: bestEpoch, epochs } = openOutput(stage.makes, output).history();
  return { record: { bestEpoch, epochs: epochs.map(({ epoch, lr, metrics }) => ({ epoch, lr, metrics })) } };
}

import { OrtrainError } from '../../core/errors.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import type { Usage } from '../../core/measures.ts';
import type { Lock } from '../../core/lock.ts';
import type { FileHashes } from '../cache/file-hashes.ts';
import type { PreparedRun } from '../prepare.ts';
import { addressOf, type Job } from './job-graph.ts';
import type { StageWorker } from '../workers/worker.ts';

/** What a job's output is made with. */
export interface Making {
  readonly prepared: PreparedRun;
  readonly signal: AbortSignal;
  readonly threads: number;
  readonly worker: () => StageWorker;
  readonly emit: Listener<StageEvent>;
  /** Hears when it is to be made here. */
  readonly onStart: () => void;
}

/** A program that keeps removing outputs has to be stopped, not raced. */
export const MOST_TRIES = 3;

/**
 * Makes a job's output unless the cache holds it; answers with what that took, if it was made here. Of several processes that want the
 * same output one makes it and the others wait. A broken entry is set aside first.
 */
export async function makeUnlessDone(job: Job, making: Making): Promise<Usage | undefined> {
  const { prepared: { cache, forced }, signal, emit, onStart } = making;
  const address = addressOf(job);
  const isDone = async (): Promise<boolean> => !forced.has(job.id) && (await cache.inspect(address)).kind === 'sound';
  for (let tries = 1; ; tries += 1) {
    if (await isDone()) {
      cache.forgetPartial(address);
      return undefined;
    }
    const lock = await cache.lock(address, signal, ({ pid, host }) => {
      emit({ type: 'notice', level: 'info', message: `waiting for process ${pid} on ${host}, which is making the same output` });
    });
    try {
      if (await isDone()) return undefined;
      const state = await cache.inspect(address);
      if (state.kind === 'broken') {
        const place = cache.setAside(address);
        emit({
          type: 'notice',
          level: 'warning',
          message: `the entry ${job.output} was broken (${state.problem}); it is kept in ${place} and made again`,
        });
      }
      onStart();
      return await perform(job, making, lock);
    } catch (error) {
      if (lock.isHeld() || signal.aborted || tries === MOST_TRIES) throw error;
      emit({
        type: 'notice',
        level: 'warning',
        message: 'this process gave no sign of life for 30 s, so another may have taken over; what it made is discarded',
      });
    } finally {
      lock.release();
    }
  }
}

async function perform(job: Job, { prepared, threads, worker, emit }: Making, lock: Lock): Promise<Usage> {
  const { jobs, cache, hashes, device, experiment, extent } = prepared;
  const output = cache.begin();
  try {
    const { stage, params, files, inputs, fold = 0 } = job;
    await throwIfGone(jobs.filter(({ id }) => job.after.includes(id)), cache);
    const partial = { folder: cache.partial(addressOf(job)), everySeconds: experiment.resources.checkpoint_seconds, claim: lock.claim };
    const unkeyed = { device, threads, logEvery: experiment.tracking.log_every, evalBatchSize: experiment.training.eval_batch_size };
    const usage = await worker().perform(
      { job: job.id, stage: stage.name, params, files, inputs, output, partial, fold, ...unkeyed, ...pauseOf(job, extent) },
      emit,
    );
    await throwIfChanged(job, hashes);
    await cache.commit(output, addressOf(job), job.parts, lock);
    return usage;
  } finally {
    cache.discard(output);
  }
}

/** Only the models of folds pause; what they read is made to its end. */
function pauseOf({ stage }: Job, extent: PreparedRun['extent']): { readonly pauseAfter?: number } {
  return stage.makes === 'model' && extent?.epochs !== undefined ? { pauseAfter: extent.epochs } : {};
}

/** What a job reads was whole when its turn came, which may be hours ago. */
async function throwIfGone(inputs: readonly Job[], cache: PreparedRun['cache']): Promise<void> {
  for (const job of inputs) {
    const state = await cache.inspect(addressOf(job));
    if (state.kind === 'sound') continue;
    const problem = state.kind === 'broken' ? state.problem : 'it is gone';
    throw new OrtrainError('run', `${job.output} was changed while it was in use: ${problem}`, {
      subject: job.output,
      remedy: 'Start again: intact outputs are used, and the others made again.',
    });
  }
}

/** An entry's key holds the hashes of the files that it was made from; so they must not have changed in the meantime. */
async function throwIfChanged({ files, parts }: Job, hashes: FileHashes): Promise<void> {
  for (const [name, path] of Object.entries(files)) {
    if ((await hashes.of(path)) === parts.contents[name]) continue;
    throw new OrtrainError('data', `${path} changed while it was in use`, {
      subject: path,
      remedy: 'Start again when nothing writes to it any more.',
    });
  }
}

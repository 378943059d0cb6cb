import { join, resolve } from 'node:path';
import { loadExperiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import type { AskedDevice } from '../machine/devices.ts';
import { makeUnlessDone } from '../jobs/make-output.ts';
import { prepareRun, type PreparedRun } from '../prepare.ts';
import { openWorkerPool, type WorkerPool } from '../workers/pool.ts';
import { experimentsFolder } from './open.ts';
import { ANY_DEVICE } from './choose.ts';
import type { Operation, Order } from './operations.ts';

/** Does jobs of the queue in this process, one at a time, as a run would that has the same stage to make. */
export interface Performer {
  perform(
    order: Order,
    signal: AbortSignal,
    emit: Listener<StageEvent>,
  ): Promise<Omit<Extract<Operation, { type: 'done' }>, 'type' | 'job'>>;
  close(): Promise<void>;
}

export function openPerformer(folder: string): Performer {
  const artifacts = resolve(folder); // Before the working directory is another one.
  let atHand: { readonly experiment: string; readonly device: string; readonly prepared: PreparedRun } | undefined;
  let pool: { readonly device: string; readonly of: WorkerPool } | undefined;
  const endPool = async (): Promise<void> => {
    const ended = pool;
    pool = undefined;
    await ended?.of.close();
  };
  const prepare = async (order: Order, signal: AbortSignal): Promise<PreparedRun> => {
    const { experiment, needs } = order;
    const device = needs.device === ANY_DEVICE ? 'cpu' : needs.device;
    if (atHand?.experiment === experiment && atHand.device === device) return atHand.prepared;
    atHand?.prepared.cache.close();
    atHand = undefined;
    enter(order);
    const loaded = loadExperiment(join(experimentsFolder(artifacts), experiment));
    const prepared = await prepareRun(loaded, { artifacts, device: device as AskedDevice, signal });
    prepared.cache.keepAlive();
    atHand = { experiment, device, prepared };
    return prepared;
  };
  return {
    async perform(order, signal, emit) {
      const began = performance.now();
      const prepared = await prepare(order, signal);
      const job = prepared.jobs.find(({ stage, key }) => `${stage.name}/${key}` === order.id);
      if (job === undefined) throw otherwise(order, prepared);
      const kind = `${prepared.device} ${prepared.precisionChoice.precision}`;
      if (pool?.device !== kind) await endPool();
      const { of } = (pool ??= { device: kind, of: openWorkerPool(prepared) });
      const stop = (): void => of.stop();
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      try {
        const usage = await makeUnlessDone(job, {
          prepared,
          signal,
          threads: order.needs.threads,
          worker: () => of.single(),
          emit,
          onStart: () => {},
        });
        const seconds = (performance.now() - began) / 1000;
        return { seconds, isMade: usage !== undefined, ...(usage === undefined ? {} : { usage }) };
      } catch (error) {
        await endPool(); // A process that broke down does nothing more.
        throw error;
      } finally {
        signal.removeEventListener('abort', stop);
        if (signal.aborted) await endPool();
      }
    },
    async close() {
      await endPool();
      atHand?.prepared.cache.close();
    },
  };
}

/** Paths of an experiment lead from the folder in which its sweep was started. */
function enter({ folder, run }: Order): void {
  try {
    process.chdir(folder);
  } catch (cause) {
    throw new OrtrainError('environment', `${folder}, from which the paths of ${run} lead, cannot be entered on this machine`, {
      subject: folder,
      remedy: 'Start sweeps in a folder that all machines have under the same path, or give absolute paths.',
      cause,
    });
  }
}

/** The same experiment, and other keys: other files under the same names, another version of the program, another precision. */
function otherwise({ task, run }: Order, { jobs, device, precisionChoice }: PreparedRun): OrtrainError {
  const own = jobs.find(({ id }) => id === task);
  const how = own === undefined ? 'this experiment has no such job here' : `it would have the key ${own.key.slice(0, 12)} here`;
  return new OrtrainError(
    'environment',
    `${task} of ${run} cannot be done on this machine: ${how} (on ${device}, in ${precisionChoice.precision})`,
    {
      subject: task,
      remedy:
        'Give all machines the same version of ortrain and the same files under the same paths, and name a precision where ' +
        'training.precision is auto.',
    },
  );
}

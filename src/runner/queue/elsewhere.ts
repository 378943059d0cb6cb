import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { toYaml } from '../../config/index.ts';
import { interrupted, OrtrainError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { sha256 } from '../../core/hash.ts';
import type { Elsewhere, MadeElsewhere } from '../jobs/elsewhere.ts';
import { addressOf, type Job } from '../jobs/job-graph.ts';
import { MOST_TRIES } from '../jobs/make-output.ts';
import type { PreparedRun } from '../prepare.ts';
import { ANY_DEVICE } from './choose.ts';
import { systemClock } from './clock.ts';
import type { Dispatcher } from './dispatch.ts';
import { experimentsFolder } from './open.ts';
import type { Order } from './operations.ts';
import type { QueueState } from './state.ts';

export interface QueueElsewhere {
  readonly dispatcher: Dispatcher;
  /** Calls back after each look at the queue, until the function that it answers with is called. */
  onLook(listen: (state: QueueState) => void): () => void;
  readonly artifacts: string;
  /** What a job may use where its experiment does not say. */
  readonly threads: number;
  readonly choose: Elsewhere['choose'];
}

/** For so long a machine may not see yet what another has put into the cache: NFS remembers folders. */
const SEEN_WITHIN_MS = 90_000;

/** Has the jobs of runs done by the workers of a queue. */
export function queueElsewhere(queue: QueueElsewhere): Elsewhere {
  const { dispatcher, choose } = queue;
  return {
    choose,
    async begin(prepared) {
      const orders = await ordersOf(prepared, queue);
      const ids = [...orders.values()].map(({ id }) => id);
      dispatcher.add([...orders.values()]);
      let isOver = false;
      return {
        async make(job, signal, onStart) {
          const isSound = async (): Promise<boolean> => (await prepared.cache.inspect(addressOf(job))).kind === 'sound';
          const order = orders.get(job.id);
          if (order === undefined && (await isSound())) return undefined;
          let hasStarted = false;
          const start = (): void => {
            forget();
            if (!hasStarted) onStart();
            hasStarted = true;
          };
          const forget = queue.onLook(({ jobs }) => {
            if (jobs.get(order?.id ?? '')?.status === 'taken') start();
          });
          try {
            const made = await madeBy(queue, order ?? gone(job), { signal, isSound });
            if (made !== undefined) start();
            return made;
          } finally {
            forget();
          }
        },
        end() {
          if (!isOver) dispatcher.withdraw(ids);
          isOver = true;
        },
      };
    },
  };
}

async function madeBy(
  { dispatcher }: QueueElsewhere,
  order: Order,
  { signal, isSound }: { readonly signal: AbortSignal; readonly isSound: () => Promise<boolean> },
): Promise<MadeElsewhere | undefined> {
  for (let tries = 1; ; tries += 1) {
    const { seconds, isMade, usage } = await unlessAborted(dispatcher.result(order.id), signal);
    const since = performance.now();
    while (!(await isSound())) {
      if (performance.now() - since > SEEN_WITHIN_MS / MOST_TRIES) break;
      await systemClock.sleep(500, signal);
      if (signal.aborted) throw interrupted();
    }
    if (await isSound()) return isMade ? { seconds, usage } : undefined;
    if (tries === MOST_TRIES) throw unseen(order);
    dispatcher.withdraw([order.id]);
    dispatcher.add([order]);
  }
}

/** Those whose output is not in the cache, by the job's name in its run. */
async function ordersOf(prepared: PreparedRun, { artifacts, threads }: QueueElsewhere): Promise<ReadonlyMap<string, Order>> {
  const { jobs, cache, experiment, device } = prepared;
  const missing: Job[] = [];
  for (const job of jobs) if ((await cache.inspect(addressOf(job))).kind !== 'sound') missing.push(job);
  if (missing.length === 0) return new Map();
  const file = storeExperiment(artifacts, prepared);
  const idOf = (job: Job): string => `${job.stage.name}/${job.key}`;
  const asked = experiment.resources.threads;
  return new Map(
    missing.map((job) => [
      job.id,
      {
        id: idOf(job),
        task: job.id,
        run: experiment.name,
        experiment: file,
        folder: resolve('.'),
        needs: { device: job.stage.usesDevice ? device : ANY_DEVICE, threads: asked === 'auto' ? threads : asked },
        after: missing.filter(({ id }) => job.after.includes(id)).map(idOf),
      },
    ]),
  );
}

/** Where workers find it; the name is that of its content. */
function storeExperiment(artifacts: string, { experiment }: PreparedRun): string {
  const text = toYaml(experiment);
  const name = `${sha256(text).slice(0, 32)}.yaml`;
  const path = join(experimentsFolder(artifacts), name);
  if (!existsSync(path)) writeFileAtomic(path, text);
  return name;
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(interrupted());
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    const forget = (): void => signal.removeEventListener('abort', stop);
    void work.then(resolve, reject).finally(forget);
  });
}

function gone(job: Job): never {
  throw new OrtrainError('run', `${job.output} was there when the run began and is gone`, {
    subject: job.output,
    remedy: 'Start again: intact outputs are used, and the others made again.',
  });
}

function unseen({ id, task, run }: Order): OrtrainError {
  return new OrtrainError('run', `a worker has done ${task} of ${run}, and its output ${id} does not appear in the cache of this machine`, {
    subject: id,
    remedy: 'Give the sweep and its workers the same folder with --artifacts, on one shared file system.',
  });
}

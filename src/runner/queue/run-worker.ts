import { availableParallelism, hostname } from 'node:os';
import type { StageEvent } from '../../core/events.ts';
import { takeLease } from '../../core/lease.ts';
import { resolve } from 'node:path';
import { variables, type Variables } from '../../core/variables.ts';
import { chooseDevice, type AskedDevice } from '../machine/devices.ts';
import { openQueue } from './open.ts';
import { openPerformer } from './perform.ts';
import { work, type WorkEnd, type WorkEvent } from './work.ts';
import type { Order } from './operations.ts';

export interface WorkerOptions {
  readonly artifacts: string;
  /** `auto`: the best that works here, and the CPU. */
  readonly device: AskedDevice;
  /** The most that a job may use; all that this process may where it is left out. */
  readonly threads?: number;
  readonly idleSeconds: number;
  readonly title?: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: WorkerEvent) => void;
}

export type WorkerEvent =
  | WorkEvent
  | { readonly type: 'started'; readonly title: string; readonly devices: readonly string[]; readonly threads: number }
  | { readonly type: 'progress'; readonly order: Order; readonly event: StageEvent };

export interface WorkerResult {
  readonly end: WorkEnd;
  /** Jobs that it has done, and those of them whose output the cache had. */
  readonly done: number;
  readonly cached: number;
  readonly failed: number;
}

/** Does the jobs of an artifacts folder's queue, until there are none. Throws what is wrong with this machine. */
export async function runWorker({ signal, onEvent, ...options }: WorkerOptions): Promise<WorkerResult> {
  const artifacts = resolve(options.artifacts);
  const devices = await devicesOf(options.device);
  const { threads = ownThreads(variables()), title = ownTitle(variables()) } = options;
  const queue = await openQueue(artifacts);
  const lease = takeLease(artifacts);
  lease.keep();
  const performer = openPerformer(artifacts);
  let [done, cached, failed] = [0, 0, 0];
  onEvent({ type: 'started', title, devices, threads });
  try {
    const end = await work(queue.log, {
      ...queue,
      title,
      devices,
      threads,
      idleMs: options.idleSeconds * 1000,
      signal,
      perform(order, mine) {
        lease.renew();
        return performer.perform(order, mine, (event) => onEvent({ type: 'progress', order, event }));
      },
      onEvent(event) {
        if (event.type === 'done') [done, cached] = [done + 1, cached + (event.isMade ? 0 : 1)];
        if (event.type === 'failed') failed += 1;
        onEvent(event);
      },
    });
    return { end, done, cached, failed };
  } finally {
    await performer.close();
    lease.end();
  }
}

async function devicesOf(asked: AskedDevice): Promise<readonly string[]> {
  const { device } = await chooseDevice(asked);
  return asked === 'auto' && device !== 'cpu' ? [device, 'cpu'] : [device];
}

/** As many as Slurm gives a task, which may be fewer than the machine has. */
function ownThreads(env: Variables): number {
  const given = Number(env['SLURM_CPUS_PER_TASK']);
  return Number.isInteger(given) && given > 0 ? given : availableParallelism();
}

/** `node7 · 4711_3` */
function ownTitle({ SLURM_ARRAY_JOB_ID: job, SLURM_ARRAY_TASK_ID: task, SLURMD_NODENAME: node }: Variables): string {
  return job === undefined ? `${hostname()} · ${process.pid}` : `${node ?? hostname()} · ${job}_${task ?? '0'}`;
}

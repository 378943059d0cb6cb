import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Experiment, Launch } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { takeLease } from '../../core/lease.ts';
import { packageFolder } from '../../core/package.ts';
import { assumeDevice, chooseDevice, type AskedDevice } from '../machine/devices.ts';
import type { Elsewhere } from '../jobs/elsewhere.ts';
import { openDispatcher, openQueue, queueElsewhere, type QueueState } from '../queue/index.ts';
import type { Engine, EngineSettings, LaunchedWorker } from './engine.ts';
import { supervise } from './supervise.ts';

export interface LaunchOptions {
  /** Of the sweep. */
  readonly name: string;
  readonly experiments: readonly Pick<Experiment, 'name' | 'resources'>[];
  readonly artifacts: string;
  readonly device: AskedDevice;
  readonly signal: AbortSignal;
  readonly onEvent: (event: LaunchEvent) => void;
}

export type LaunchEvent =
  /** How it stands; again after each look. */
  | { readonly type: 'state'; readonly state: QueueState; readonly workers: readonly LaunchedWorker[] }
  /** A worker gave no sign of life, and what it had begun is taken over. */
  | { readonly type: 'lost'; readonly title: string }
  | { readonly type: 'ended'; readonly worker: LaunchedWorker; readonly lastWords: string }
  | { readonly type: 'started'; readonly count: number; readonly engine: string };

export interface Launched {
  readonly elsewhere: Elsewhere;
  /** How many experiments keep all workers at work. */
  readonly atATime: number;
  /** Withdraws what is not done, and ends the workers: those that are idle by themselves, others where the person asked to stop. */
  close(): Promise<void>;
}

/** More than there are workers: while one experiment ends, the next has jobs. */
const SPARE = 2;

/**
 * Joins the queue of the artifacts folder and has an engine start workers for it. Throws a `config` error where these would take no job of
 * an experiment.
 */
export async function launch(settings: Launch, options: LaunchOptions): Promise<Launched> {
  const { name, artifacts, device, signal, onEvent } = options;
  const threads = threadsOf(settings);
  throwIfTooFew(threads, options.experiments);
  const engine = await engineOf(settings, engineSettings(settings, options, threads));
  const lease = takeLease(resolve(artifacts));
  lease.keep();
  const queue = await openQueue(artifacts);
  const listeners = new Set<(state: QueueState) => void>();
  let workers: readonly LaunchedWorker[] = [];
  const dispatcher = await openDispatcher(queue.log, {
    ...queue,
    title: name,
    onLook(state) {
      for (const listen of [...listeners]) listen(state);
      onEvent({ type: 'state', state, workers });
    },
    onLost: (_, title) => onEvent({ type: 'lost', title }),
  });
  const close = async (): Promise<void> => {
    try {
      await dispatcher.close();
    } finally {
      lease.end();
    }
  };
  try {
    const supervision = await supervise(engine, {
      count: settings.workers,
      state: () => dispatcher.state,
      onLook: (now) => (workers = now),
      onEnd: (worker, lastWords) => onEvent({ type: 'ended', worker, lastWords }),
      onStart: (count) => onEvent({ type: 'started', count, engine: engine.name }),
      onFailure: (error) => dispatcher.fail(error),
    });
    return {
      elsewhere: queueElsewhere({
        dispatcher,
        artifacts,
        threads,
        choose: (asked, failed) => workersDevice(settings, device === 'auto' ? asked : device, failed),
        onLook(listen) {
          listeners.add(listen);
          return () => void listeners.delete(listen);
        },
      }),
      atATime: settings.workers + SPARE,
      async close() {
        await supervision.end();
        try {
          await close();
        } finally {
          if (signal.aborted || settings.engine !== 'local') await engine.stop();
        }
      },
    };
  } catch (error) {
    await engine.stop(); // Some may have been started before one was refused.
    await close();
    throw error;
  }
}

/** This machine's device says nothing of those of a cluster: there `auto` is CUDA where GPUs are asked for, else the CPU. */
function workersDevice(settings: Launch, asked: AskedDevice, failed: Parameters<typeof chooseDevice>[1]): ReturnType<typeof chooseDevice> {
  if (settings.engine === 'local') return chooseDevice(asked, failed);
  const { engine, gres, options, resources } = settings;
  const hasGpu = engine === 'slurm' ? /gpu/i.test(`${gres} ${options.join(' ')}`) : (resources['GPU'] ?? 0) > 0;
  return assumeDevice(asked === 'auto' ? (hasGpu ? 'cuda' : 'cpu') : asked);
}

function threadsOf({ engine, workers, threads }: Launch): number {
  if (threads !== 'auto') return threads;
  return engine === 'local' ? Math.max(1, Math.floor(availableParallelism() / workers)) : CLUSTER_THREADS;
}

/** Jobs that need more threads than any worker has would wait for ever. */
function throwIfTooFew(threads: number, experiments: LaunchOptions['experiments']): void {
  for (const { name, resources } of experiments) {
    if (resources.threads === 'auto' || resources.threads <= threads) continue;
    throw new OrtrainError('config', `${name} asks for ${resources.threads} threads a job, and a worker would have ${threads}`, {
      subject: 'launch.threads',
      remedy: `Set launch.threads to ${resources.threads} or more, or resources.threads to ${threads} or fewer.`,
    });
  }
}

/** Nearly every node of a cluster has so many processors. */
const CLUSTER_THREADS = 4;

function engineSettings({ idle, command }: Launch, { name, artifacts, device }: LaunchOptions, threads: number): EngineSettings {
  const program = join(packageFolder(), 'bin', 'pipeline.js');
  const words = ['worker', '--artifacts', resolve(artifacts), '--threads', String(threads), '--idle', String(idle), '--device', device];
  return { artifacts, title: name, threads, command, worker: [process.execPath, program, ...words] };
}

async function engineOf(settings: Launch, common: EngineSettings): Promise<Engine> {
  switch (settings.engine) {
    case 'local':
      return (await import('./local.ts')).localEngine(common);
    case 'slurm':
      return (await import('./slurm.ts')).slurmEngine({ ...settings, ...common });
    case 'ray': {
      const { address, resources, runtime_env: runtimeEnv } = settings;
      return (await import('./ray.ts')).rayEngine({ ...common, address, resources, runtimeEnv });
    }
    case 'none':
      throw new Error('no engine starts workers');
  }
}

import { unpackError, type ErrorMessage } from '../../core/packed-errors.ts';
import type { Clock } from './clock.ts';
import type { OperationLog } from './log.ts';
import type { Operation, Order, QueuedJob } from './operations.ts';
import type { QueueState } from './state.ts';
import { openWatch, WATCH_EVERY_MS, type SignOfLife } from './watch.ts';
import { giveUp } from './work.ts';

/** Has jobs done by workers, and hears what came of them. */
export interface Dispatcher {
  /** Wants jobs done, from the next line on. */
  add(orders: readonly Order[]): void;
  /** No longer wants jobs; those that somebody else of this process wants stay. */
  withdraw(ids: readonly string[]): void;
  /** What came of a job that was added; rejects with the error that it failed with. */
  result(id: string): Promise<NonNullable<QueuedJob['result']>>;
  /** How far it all is; the same object as long as nothing has changed. */
  readonly state: QueueState;
  /** From now on every result is this error. */
  fail(error: Error): void;
  /** Withdraws all jobs and leaves. */
  close(): Promise<void>;
}

export interface DispatchOptions {
  readonly me: string;
  readonly title: string;
  readonly clock: Clock;
  readonly signOfLife: SignOfLife;
  /** Hears after each look at the queue. */
  readonly onLook?: (state: QueueState) => void;
  readonly onLost?: (client: string, title: string) => void;
}

/** How often it looks for results, and gathers what is to be added. */
const LOOK_EVERY_MS = 300;

interface Waiting {
  resolve(result: NonNullable<QueuedJob['result']>): void;
  reject(error: unknown): void;
}

/** Joins the queue. Orders of equal ids are one job, wanted as often as it was added. */
export async function openDispatcher(log: OperationLog, options: DispatchOptions): Promise<Dispatcher> {
  const { me, title, clock, onLook = () => {}, onLost = () => {} } = options;
  const wanted = new Map<string, { readonly order: Order; times: number }>();
  const waiting = new Map<string, Waiting[]>();
  const [fresh, unwanted] = [new Set<string>(), new Set<string>()];
  const closing = new AbortController();
  const watch = openWatch(clock, options.signOfLife);
  let watchedAt = clock.now();
  let end: Error | undefined;
  let failure: { readonly error: unknown } | undefined;

  const news = (state: QueueState): readonly Operation[] => {
    const jobs = [...fresh].flatMap((id) => wanted.get(id)?.order ?? []);
    const gone = [...unwanted].filter((id) => !wanted.has(id) && state.jobs.has(id));
    return [
      ...(state.clients.has(me) ? [] : [{ type: 'join', role: 'coordinator', title, devices: [], threads: 0 } as const]),
      ...(gone.length === 0 ? [] : [{ type: 'withdraw', jobs: gone } as const]),
      ...(jobs.length === 0 ? [] : [{ type: 'add', jobs } as const]),
    ];
  };

  const rejectAll = (error: unknown): void => {
    for (const { reject } of [...waiting.values()].flat()) reject(error);
    waiting.clear();
  };

  const settle = ({ jobs }: QueueState): void => {
    for (const [id, those] of waiting) {
      const job = jobs.get(id);
      if (job === undefined && !fresh.has(id)) fresh.add(id); // Somebody has removed the queue's folder.
      if (job?.status !== 'done' && job?.status !== 'failed') continue;
      if (fresh.has(id)) continue; // That is what came of it when it was wanted before.
      waiting.delete(id);
      for (const { resolve, reject } of those) {
        if (job.status === 'done' && job.result !== null) resolve(job.result);
        else reject(unpackError({ stack: undefined, subject: undefined, remedy: undefined, ...job.error } as ErrorMessage));
      }
    }
  };

  const look = async (): Promise<void> => {
    if (fresh.size + unwanted.size > 0 || !log.state.clients.has(me)) {
      const [added, removed] = [[...fresh], [...unwanted]];
      await log.write(news);
      for (const id of added) fresh.delete(id);
      for (const id of removed) unwanted.delete(id);
    } else {
      await log.sync();
    }
    settle(log.state);
    onLook(log.state);
    if (clock.now() - watchedAt < WATCH_EVERY_MS) return;
    watchedAt = clock.now();
    const titles = new Map([...log.state.clients].map(([id, client]) => [id, client.title]));
    const others = [...titles.keys()].filter((id) => id !== me);
    await giveUp(log, await watch(others), (client) => onLost(client, titles.get(client) ?? client));
  };

  await log.write(news);
  const looking = (async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await look();
        failure = undefined;
      } catch (error) {
        // A disk may be full for a while; what it refuses for longer than that ends the waiting.
        if (failure !== undefined) rejectAll(error);
        failure = { error };
        await clock.sleep(RETRY_AFTER_MS, closing.signal);
      }
      await clock.sleep(LOOK_EVERY_MS, closing.signal);
    }
  })();

  return {
    add(orders) {
      for (const order of orders) {
        const before = wanted.get(order.id);
        wanted.set(order.id, { order, times: (before?.times ?? 0) + 1 });
        const status = log.state.jobs.get(order.id)?.status;
        if (before === undefined || status === 'done' || status === 'failed') fresh.add(order.id);
        unwanted.delete(order.id);
      }
    },
    withdraw(ids) {
      for (const id of ids) {
        const job = wanted.get(id);
        if (job === undefined) continue;
        job.times -= 1;
        if (job.times > 0) continue;
        wanted.delete(id);
        fresh.delete(id);
        unwanted.add(id);
        for (const { reject } of waiting.get(id) ?? []) reject(new Error(`${id} was withdrawn`));
        waiting.delete(id);
      }
    },
    result: (id) =>
      new Promise((resolve, reject) => {
        if (end !== undefined) return reject(end);
        waiting.set(id, [...(waiting.get(id) ?? []), { resolve, reject }]);
      }),
    get state() {
      return log.state;
    },
    fail(error) {
      end = error;
      rejectAll(error);
    },
    async close() {
      closing.abort();
      await looking;
      const ids = new Set([...wanted.keys(), ...unwanted]);
      await log.write((state) => {
        const mine = [...state.jobs.values()].filter(({ by, order }) => by.includes(me) || ids.has(order.id)).map(({ order }) => order.id);
        return [...(mine.length === 0 ? [] : [{ type: 'withdraw', jobs: mine } as const]), { type: 'leave' }];
      });
    },
  };
}

const RETRY_AFTER_MS = 5000;

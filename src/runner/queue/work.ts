import { OrtrainError } from '../../core/errors.ts';
import { packError } from '../../core/packed-errors.ts';
import { explained } from '../../core/system-errors.ts';
import { chooseJob } from './choose.ts';
import type { Clock } from './clock.ts';
import type { OperationLog } from './log.ts';
import type { Client, Operation, Order } from './operations.ts';
import { hasWork, type QueueState } from './state.ts';
import { openWatch, shareOf, WATCH_EVERY_MS, type SignOfLife } from './watch.ts';

export interface WorkOptions extends Pick<Client, 'title' | 'devices' | 'threads'> {
  readonly me: string;
  readonly clock: Clock;
  readonly signOfLife: SignOfLife;
  /** Ends after so long without a job. */
  readonly idleMs: number;
  /** Asks to stop: the job at work is given back. */
  readonly signal: AbortSignal;
  /** Does a job; rejects with what went wrong. Its signal is aborted where nobody wants the job any more, or another has it. */
  perform(order: Order, signal: AbortSignal): Promise<Omit<Extract<Operation, { type: 'done' }>, 'type' | 'job'>>;
  readonly onEvent?: (event: WorkEvent) => void;
}

export type WorkEvent =
  | { readonly type: 'took' | 'released' | 'dropped'; readonly order: Order }
  | { readonly type: 'done'; readonly order: Order; readonly seconds: number; readonly isMade: boolean }
  | { readonly type: 'failed'; readonly order: Order; readonly error: unknown }
  /** Another client was given up. */
  | { readonly type: 'lost'; readonly client: string };

/** Why a worker has ended: nothing is left to do, nothing came for too long, or it was asked to. */
export type WorkEnd = 'done' | 'idle' | 'stopped';

/** How long a worker without a job waits before it looks again. */
const SHORTEST_POLL_MS = 200;
const LONGEST_POLL_MS = 3000;

/** How often a worker looks whether its job is still wanted, and its own. */
const CONFIRM_EVERY_MS = 5000;

/**
 * Takes jobs from the queue until there are none. Throws what is wrong with this machine, such as a full disk, once the job is given
 * back to the others.
 */
export async function work(log: OperationLog, options: WorkOptions): Promise<WorkEnd> {
  const { me, clock, signal, onEvent = () => {} } = options;
  const { title, devices, threads } = options;
  const watch = openWatch(clock, options.signOfLife);
  const joining = (state: QueueState): readonly Operation[] =>
    state.clients.has(me) ? [] : [{ type: 'join', role: 'worker', title, devices, threads }];
  let outcome: Operation | undefined;
  let atHand: string | undefined;
  let [idleSince, poll, watchedAt, hadCoordinator] = [clock.now(), SHORTEST_POLL_MS, clock.now(), false];
  await log.write(joining);
  try {
    for (;;) {
      if (signal.aborted && outcome === undefined) return 'stopped';
      hadCoordinator ||= hasCoordinator(log.state);
      if (outcome === undefined && chooseJob(log.state, options, atHand) === undefined) {
        if (hadCoordinator && !hasCoordinator(log.state) && !hasWork(log.state)) return 'done';
        if (clock.now() - idleSince > options.idleMs) return 'idle';
        await clock.sleep(poll * (0.5 + clock.random() / 2), signal);
        poll = (await log.sync()) ? SHORTEST_POLL_MS : Math.min(LONGEST_POLL_MS, poll * 1.5);
        if (clock.now() - watchedAt < WATCH_EVERY_MS) continue;
        watchedAt = clock.now();
        await giveUp(log, await watch(shareOf(me, log.state)), (client) => onEvent({ type: 'lost', client }));
        continue;
      }
      const done = outcome?.type === 'done' ? outcome.job : undefined;
      const written = await log.write((state) => {
        const next = signal.aborted ? undefined : chooseJob(state, options, atHand, done);
        const take: readonly Operation[] = next === undefined ? [] : [{ type: 'take', job: next.order.id }];
        const news = outcome === undefined ? take : [outcome, ...take];
        return news.length === 0 ? [] : [...joining(state), ...news];
      });
      outcome = undefined;
      const taken = written.find(({ type }) => type === 'take');
      const order = taken?.type === 'take' ? log.state.jobs.get(taken.job)?.order : undefined;
      if (order === undefined) continue;
      atHand = order.experiment;
      onEvent({ type: 'took', order });
      outcome = await performed(log, order, options, joining);
      [idleSince, poll] = [clock.now(), SHORTEST_POLL_MS];
    }
  } finally {
    await log.write((state) => (state.clients.has(me) ? [{ type: 'leave' }] : []));
  }
}

/** What is to be written of a job; undefined where it is another's by now, or nobody's. */
async function performed(
  log: OperationLog,
  order: Order,
  { me, clock, signal, perform, onEvent = () => {} }: WorkOptions,
  joining: (state: QueueState) => readonly Operation[],
): Promise<Operation | undefined> {
  const [mine, over] = [new AbortController(), new AbortController()];
  const stop = (): void => mine.abort();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const { id } = order;
  const confirming = (async (): Promise<void> => {
    for (;;) {
      await clock.sleep(CONFIRM_EVERY_MS, over.signal);
      if (over.signal.aborted) return;
      await log.sync();
      const job = log.state.jobs.get(id);
      if (job?.worker === me) continue;
      // Given up by others while it was suspended, and nobody has begun with it since.
      if (job?.status === 'open') {
        const isOpen = (state: QueueState): boolean => state.jobs.get(id)?.status === 'open';
        await log.write((state) => (isOpen(state) ? [...joining(state), { type: 'take', job: id }] : []));
      }
      if (log.state.jobs.get(id)?.worker !== me) return mine.abort();
    }
  })();
  try {
    const result = await perform(order, mine.signal);
    onEvent({ type: 'done', order, ...result });
    return { type: 'done', job: id, ...result };
  } catch (thrown) {
    const error = explained(thrown);
    if (signal.aborted) {
      onEvent({ type: 'released', order });
      await log.write((state) => (state.jobs.get(id)?.worker === me ? [{ type: 'release', job: id, reason: null }] : []));
      return undefined;
    }
    if (mine.signal.aborted) {
      onEvent({ type: 'dropped', order });
      return undefined;
    }
    onEvent({ type: 'failed', order, error });
    if (error instanceof OrtrainError && error.code === 'environment') {
      await log.write(() => [{ type: 'release', job: id, reason: error.message }]);
      throw error;
    }
    return { type: 'failed', job: id, error: withoutStack(packError(error)) };
  } finally {
    signal.removeEventListener('abort', stop);
    over.abort();
    await confirming.catch(() => {}); // What the disk refused there it refuses here, too.
  }
}

/** Writes that clients are lost, those that still are there. */
export async function giveUp(log: OperationLog, lost: readonly string[], onLost: (client: string) => void): Promise<void> {
  if (lost.length === 0) return;
  const written = await log.write((state) =>
    lost.filter((client) => state.clients.has(client)).map((client) => ({ type: 'lost', client })),
  );
  for (const operation of written) if (operation.type === 'lost') onLost(operation.client);
}

function hasCoordinator({ clients }: QueueState): boolean {
  return [...clients.values()].some(({ role }) => role === 'coordinator');
}

/** A stack is for a defect alone. */
function withoutStack({ stack, ...error }: ReturnType<typeof packError>): Extract<Operation, { type: 'failed' }>['error'] {
  const { subject, remedy, ...rest } = error;
  return {
    ...rest,
    ...(subject === undefined ? {} : { subject }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(error.code !== null || stack === undefined ? {} : { stack }),
  };
}

import type { Batch, Client, Operation, Order, QueuedJob, Snapshot, Totals } from './operations.ts';

/** What the log has come to, as one client has read it. Every client that has read as far has the same. */
export interface QueueState {
  /** By id, in the order in which they were added. */
  readonly jobs: ReadonlyMap<string, QueuedJob>;
  readonly clients: ReadonlyMap<string, JoinedClient>;
  /** The last line of each client. */
  readonly seen: ReadonlyMap<string, number>;
  readonly totals: Totals;
}

export interface JoinedClient extends Client {
  /** How many came before it. */
  readonly joined: number;
}

/** A job that so many workers were lost with kills them, most often for want of memory. */
export const MOST_LOSSES = 10;

/** A job that so many workers gave back as impossible is at fault itself. */
export const MOST_REFUSALS = 3;

/** Reads a log, batch by batch. */
export interface Replay {
  readonly state: QueueState;
  apply(batch: Batch): void;
  snapshot(): Snapshot;
}

const nothing: Snapshot['snapshot'] = { jobs: [], clients: [], seen: [], totals: { done: 0, failed: 0, lost: 0, takenOver: 0 } };

export function replayFrom({ snapshot: from }: Snapshot = { snapshot: nothing }): Replay {
  const jobs = new Map<string, QueuedJob>(from.jobs.map((job) => [job.order.id, job]));
  const clients = new Map<string, JoinedClient>(from.clients.map(({ id, ...client }) => [id, client]));
  const seen = new Map<string, number>(from.seen.map(({ client, n }) => [client, n]));
  let totals: Totals = from.totals;
  const counted = (more: Partial<Totals>): void => {
    totals = { ...totals, ...Object.fromEntries(Object.entries(more).map(([name, by]) => [name, totals[name as keyof Totals] + by])) };
  };
  const update = (id: string, change: Partial<QueuedJob>): void => {
    const job = jobs.get(id);
    if (job !== undefined) jobs.set(id, { ...job, ...change });
  };
  const fail = (job: QueuedJob, error: NonNullable<QueuedJob['error']>): void => {
    update(job.order.id, { status: 'failed', worker: null, error });
    counted({ failed: 1 });
  };
  const add = (order: Order, by: string): void => {
    const job = jobs.get(order.id);
    const fresh = { status: 'open', worker: null, losses: 0, refusals: [], result: null, error: null } as const;
    const wanted = job === undefined || job.by.includes(by) ? (job?.by ?? [by]) : [...job.by, by];
    const isUnderWay = job?.status === 'taken' || job?.status === 'open';
    jobs.set(order.id, isUnderWay ? { ...job, by: wanted } : { order, ...fresh, by: wanted });
  };
  const withdraw = (id: string, by: string): void => {
    const job = jobs.get(id);
    if (job === undefined) return;
    const wanted = job.by.filter((each) => each !== by);
    if (wanted.length === 0) jobs.delete(id);
    else update(id, { by: wanted });
  };
  const lose = (client: string): void => {
    if (!clients.delete(client)) return;
    seen.delete(client);
    counted({ lost: 1 });
    for (const job of jobs.values()) {
      if (job.by.includes(client)) update(job.order.id, { by: job.by.filter((each) => each !== client) });
      if (job.worker !== client) continue;
      counted({ takenOver: 1 });
      const losses = job.losses + 1;
      update(job.order.id, { status: 'open', worker: null, losses });
      if (losses >= MOST_LOSSES) fail(job, diedOften(job.order, losses));
    }
  };
  const perform = (operation: Operation, by: string): void => {
    switch (operation.type) {
      case 'join': {
        const { type: _, ...client } = operation;
        clients.set(by, { ...client, joined: clients.get(by)?.joined ?? clients.size });
        return;
      }
      case 'leave':
        clients.delete(by);
        seen.delete(by);
        for (const job of jobs.values()) if (job.worker === by) update(job.order.id, { status: 'open', worker: null });
        return;
      case 'lost':
        return lose(operation.client);
      case 'add':
        for (const order of operation.jobs) add(order, by);
        return;
      case 'withdraw':
        for (const id of operation.jobs) withdraw(id, by);
        return;
      case 'take':
        if (clients.has(by) && jobs.get(operation.job)?.status === 'open') update(operation.job, { status: 'taken', worker: by });
        return;
      case 'done': {
        const { type: _, job, ...result } = operation;
        counted({ done: 1 });
        if (jobs.get(job)?.by.length === 0) jobs.delete(job); // Whoever wanted it was lost.
        else update(job, { status: 'done', worker: null, result });
        return;
      }
      case 'failed': {
        const job = jobs.get(operation.job);
        if (job?.worker === by) fail(job, operation.error);
        return;
      }
      case 'release': {
        const job = jobs.get(operation.job);
        if (job?.worker !== by) return;
        const { reason } = operation;
        const refusals = reason === null ? job.refusals : [...job.refusals, { worker: by, reason }];
        update(operation.job, { status: 'open', worker: null, refusals });
        if (refusals.length >= MOST_REFUSALS) fail(job, refusedOften(job.order, refusals));
      }
    }
  };
  return {
    state: {
      jobs,
      clients,
      seen,
      get totals() {
        return totals;
      },
    },
    apply({ by, n, operations }) {
      for (const operation of operations) perform(operation, by);
      if (clients.has(by)) seen.set(by, n);
    },
    snapshot: () => ({
      snapshot: {
        jobs: [...jobs.values()],
        clients: [...clients].map(([id, client]) => ({ id, ...client })),
        seen: [...seen].map(([client, n]) => ({ client, n })),
        totals,
      },
    }),
  };
}

/** Whether any job is being done, or can be. One behind a failed one waits for whoever wants it to try again. */
export function hasWork(state: QueueState): boolean {
  return [...state.jobs.values()].some((job) => job.status === 'taken' || (job.status === 'open' && !isBlocked(state, job)));
}

function isBlocked(state: QueueState, { order }: QueuedJob): boolean {
  return order.after.some((id) => {
    const before = state.jobs.get(id);
    return before?.status === 'failed' || (before?.status === 'open' && isBlocked(state, before));
  });
}

function diedOften({ task, run }: Order, times: number): NonNullable<QueuedJob['error']> {
  return {
    code: 'run',
    message: `${times} workers died while they worked on ${task} of ${run}`,
    subject: task,
    remedy: 'If the system killed them, memory ran out: set training.micro_batch to fewer rows, or give workers more memory.',
    problems: [],
  };
}

function refusedOften({ task, run }: Order, refusals: QueuedJob['refusals']): NonNullable<QueuedJob['error']> {
  const { reason = '' } = refusals.at(-1) ?? {};
  return {
    code: 'environment',
    message: `${refusals.length} workers could not work on ${task} of ${run}; the last because ${reason}`,
    subject: task,
    remedy: 'Mend the machines of the workers, then start the sweep again: what is done stays.',
    problems: [],
  };
}

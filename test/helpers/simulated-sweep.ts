import { RandomState } from '../../src/core/random.ts';
import { openDispatcher } from '../../src/runner/queue/dispatch.ts';
import { openLog, type OperationLog } from '../../src/runner/queue/log.ts';
import type { Order } from '../../src/runner/queue/operations.ts';
import { work } from '../../src/runner/queue/work.ts';
import { simulatedCluster, type Machine } from './simulated-cluster.ts';

export interface SimulatedSweep {
  readonly trials: number;
  readonly folds: number;
  readonly workers: number;
  /** The mean of what a fold takes; single ones take between half and twice of it. */
  readonly foldSeconds: number;
  /** The share of workers that die, each at some moment, and of those that are suspended for a minute. */
  readonly deaths?: number;
  readonly suspensions?: number;
  /** Workers whose disk is full from a moment on. */
  readonly full?: number;
  /** How many trials are wanted at a time. */
  readonly atATime?: number;
  readonly seed: number;
}

export interface SimulatedOutcome {
  readonly hours: number;
  /** Jobs that came to their end, how often one was begun, and how often one was at work twice at the same moment without a suspension. */
  readonly done: number;
  readonly begun: number;
  readonly twiceAtOnce: number;
  /** Lines of the log a second, over all of it, and in its busiest second. */
  readonly linesPerSecond: number;
  readonly busiestSecond: number;
  readonly requestsPerSecond: number;
  /** Milliseconds from the wish to write to the line's being safe. */
  readonly writeMs: { readonly median: number; readonly p99: number; readonly max: number };
  readonly largestFolderBytes: number;
  readonly largestSnapshotBytes: number;
  readonly parts: number;
  /** Seconds from the death of a worker that had a job to the moment at which another began it. */
  readonly recoverySeconds: readonly number[];
  /** The share of the workers' time in which they worked. */
  readonly busy: number;
  readonly lost: number;
}

/** A whole sweep with the queue's own code on simulated machines. */
export async function simulateSweep(settings: SimulatedSweep): Promise<SimulatedOutcome> {
  const { trials, folds, workers, foldSeconds, deaths = 0, suspensions = 0, full = 0, atATime = 2 * workers, seed } = settings;
  const random = new RandomState(seed);
  const cluster = simulatedCluster(seed + 1);
  const logs: OperationLog[] = [];
  const writes: number[] = [];
  const perSecond = new Map<number, number>();
  let [largestFolderBytes, largestSnapshotBytes, lines] = [0, 0, 0];

  const measured = (log: OperationLog, { clock }: Machine): OperationLog => ({
    get state() {
      return log.state;
    },
    get figures() {
      return log.figures;
    },
    sync: () => log.sync(),
    async write(decide) {
      const asked = clock.now();
      const written = await log.write(decide);
      if (written.length === 0) return written;
      writes.push(clock.now() - asked);
      lines += 1;
      const second = Math.floor(cluster.now() / 1000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      return written;
    },
  });
  const alive = new Map<string, { machine: Machine; deadAt: number; asleep: readonly [from: number, to: number]; isOver: boolean }>();
  const signOfLife = (machine: Machine) => async (client: string) => {
    await machine.clock.sleep(1.5);
    const of = alive.get(client);
    const [from, to] = of?.asleep ?? [Infinity, Infinity];
    const now = cluster.now();
    const last = Math.min(now, of?.deadAt ?? now, now > from && now < to ? from : now);
    return Math.floor(last / 2000);
  };

  const working = new Map<string, string>();
  const diedWith = new Map<string, number>();
  const recoverySeconds: number[] = [];
  let [done, begun, twiceAtOnce, busyMs, isOver] = [0, 0, 0, 0, false];
  const endMs = ((trials * folds) / workers) * foldSeconds * 1000;

  const perform = (me: string, machine: Machine) => async ({ id }: Order, signal: AbortSignal) => {
    begun += 1;
    const other = working.get(id);
    const isLiving = other !== undefined && (alive.get(other)?.deadAt ?? 0) > cluster.now() && alive.get(other)?.asleep[0] === Infinity;
    if (isLiving && other !== me) twiceAtOnce += 1;
    const died = diedWith.get(id);
    if (died !== undefined) recoverySeconds.push((cluster.now() - died) / 1000);
    diedWith.delete(id);
    working.set(id, me);
    const seconds = foldSeconds * 2 ** random.uniform(-1, 1);
    const began = cluster.now();
    await machine.clock.sleep(seconds * 1000, signal);
    if (signal.aborted) throw new Error('stopped');
    busyMs += cluster.now() - began;
    working.delete(id);
    return { seconds, isMade: true };
  };

  const startWorker = async (number: number): Promise<void> => {
    const machine = cluster.open();
    const me = `worker-${number}`;
    const mine = { machine, deadAt: Infinity, asleep: [Infinity, Infinity] as readonly [number, number], isOver: false };
    alive.set(me, mine);
    await machine.clock.sleep(random.uniform(0, 5000));
    const at = random.uniform(0.05, 0.8) * endMs;
    if (number < deaths * workers) {
      later(machine, at, () => {
        mine.deadAt = cluster.now();
        machine.die();
        for (const [id, worker] of working) if (worker === me) diedWith.set(id, mine.deadAt);
      });
    } else if (number < (deaths + suspensions) * workers) {
      later(machine, at, () => {
        mine.asleep = [cluster.now(), cluster.now() + 60_000];
        machine.suspend(60_000);
      });
    } else if (number < (deaths + suspensions) * workers + full) {
      later(machine, at, () => machine.fill());
    }
    const log = measured(await openLog(machine.files, machine.clock, me), machine);
    logs.push(log);
    const nobody = new AbortController();
    await work(log, {
      me, title: me, devices: ['cpu'], threads: 1, clock: machine.clock, signOfLife: signOfLife(machine), idleMs: 600_000,
      signal: nobody.signal, perform: perform(me, machine),
    }).catch(() => {}); // Its disk is full.
    mine.isOver = true;
    mine.deadAt = Math.min(mine.deadAt, cluster.now());
  };

  const coordinate = async (): Promise<void> => {
    const machine = cluster.open();
    const log = measured(await openLog(machine.files, machine.clock, 'coordinator'), machine);
    logs.push(log);
    alive.set('coordinator', { machine, deadAt: Infinity, asleep: [Infinity, Infinity], isOver: false });
    const dispatcher = await openDispatcher(log, {
      me: 'coordinator', title: 'sweep', clock: machine.clock, signOfLife: signOfLife(machine),
      onLook() {
        largestFolderBytes = Math.max(largestFolderBytes, cluster.bytes());
      },
    });
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let trial = next; trial < trials; trial = next) {
        next += 1;
        const orders = Array.from({ length: folds }, (_, fold) => orderOf(trial, fold));
        dispatcher.add(orders);
        for (const { id } of orders) {
          await dispatcher.result(id);
          done += 1;
        }
        dispatcher.withdraw(orders.map(({ id }) => id));
      }
    };
    await Promise.all(Array.from({ length: Math.min(atATime, trials) }, lane));
    await dispatcher.close();
  };

  const all = Promise.all([coordinate(), ...Array.from({ length: workers }, (_, number) => startWorker(number))]);
  void all.then(() => (isOver = true));
  const isFinished = (): boolean => isOver || [...alive.values()].every((one) => one.isOver || one.deadAt < cluster.now());
  let finishedAt = 0;
  await cluster.run(() => {
    if (finishedAt === 0 && done === trials * folds) finishedAt = cluster.now();
    return done === trials * folds && isFinished();
  });
  for (const [name, bytes] of cluster.contents) {
    if (name.startsWith('log-')) largestSnapshotBytes = Math.max(largestSnapshotBytes, bytes.indexOf(0x0a));
  }
  const seconds = finishedAt / 1000;
  const sorted = writes.toSorted((a, b) => a - b);
  const quantile = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
  return {
    hours: seconds / 3600,
    done,
    begun,
    twiceAtOnce,
    linesPerSecond: lines / seconds,
    busiestSecond: Math.max(...perSecond.values()),
    requestsPerSecond: cluster.requests() / seconds,
    writeMs: { median: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
    largestFolderBytes,
    largestSnapshotBytes,
    parts: Math.max(...logs.map(({ figures }) => figures.part)),
    recoverySeconds: recoverySeconds.toSorted((a, b) => a - b),
    busy: busyMs / 1000 / (seconds * workers),
    lost: Math.max(...logs.map(({ state }) => state.totals.lost)),
  };
}

function later({ clock }: Machine, milliseconds: number, act: () => void): void {
  void (async () => {
    await clock.sleep(milliseconds);
    act();
  })();
}

function orderOf(trial: number, fold: number): Order {
  // As long as the real ones are.
  const key = `${trial}`.padStart(60, '0');
  return {
    id: `train/${key}-${fold}`,
    task: `train[${fold}]`,
    run: `heads+dense=64+lr=0.00${trial}`,
    experiment: `${key.slice(0, 32)}.yaml`,
    folder: '/home/someone/experiments',
    needs: { device: 'cpu', threads: 1 },
    after: [],
  };
}

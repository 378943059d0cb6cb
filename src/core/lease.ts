import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ownerName, thisProcess, type Owner } from './owner.ts';
import { touchedAt } from './signs.ts';

/**
 * The sign of life of a process in an artifacts folder. Whoever holds it to be dead removes it, and with it the right to all that it had
 * begun.
 */
export interface Lease {
  /** Takes it again where it was taken away; answers what tells whether it has been held ever since. */
  renew(): () => boolean;
  /** Touches it from a thread of its own from now on, however busy this one may be. */
  keep(): void;
  /** Whoever took it last ends it. */
  end(): void;
}

/** The folder that a process works in below an artifacts folder. */
export function workshopOf(artifacts: string, owner: Owner): string {
  return join(artifacts, 'cache', 'tmp', ownerName(owner));
}

/** The file that a process touches there. */
export function signOf(artifacts: string, owner: Owner): string {
  return join(workshopOf(artifacts, owner), 'alive');
}

/** Small beside the 30 s after which a process counts as dead. */
const TOUCH_EVERY_MS = 2000;

interface Held {
  count: number;
  /** How often it was taken. */
  times: number;
  stop: (() => void) | undefined;
  timer: NodeJS.Timeout;
}

/** A process has one for each artifacts folder, whatever it does there at the same time. */
const leases = new Map<string, Held>();

/** Takes this process's lease in an artifacts folder. */
export function takeLease(artifacts: string): Lease {
  const sign = signOf(artifacts, thisProcess());
  const held: Held = leases.get(sign) ?? {
    count: 0,
    times: 0,
    stop: undefined,
    timer: setInterval(() => touch(sign), TOUCH_EVERY_MS).unref(),
  };
  const renew = (): (() => boolean) => {
    if (!existsSync(sign)) {
      held.times += 1;
      mkdirSync(dirname(sign), { recursive: true });
      writeFileSync(sign, '.');
    }
    const { times } = held;
    return () => held.times === times && touchedAt(sign) !== undefined;
  };
  renew();
  held.count += 1;
  leases.set(sign, held);
  let isOver = false;
  return {
    renew,
    keep: () => void (held.stop ??= touchFromThread(sign)),
    end() {
      if (isOver) return;
      isOver = true;
      held.count -= 1;
      if (held.count > 0) return;
      leases.delete(sign);
      clearInterval(held.timer);
      held.stop?.();
      rmSync(dirname(sign), { recursive: true, force: true });
    },
  };
}

/**
 * Writes, because the time of a write is the file system's, and one that is set would be this machine's. Makes no file where it was taken
 * away.
 */
function touch(sign: string): void {
  try {
    writeFileSync(sign, '.', { flag: 'r+' });
  } catch {
    // It was taken away, which is noticed where it counts; or the disk does not answer, and may again.
  }
}

/** The same as `touch`, in plain JavaScript: the thread is there in a checkout and in the package, and loads nothing. */
const THREAD = `
const { workerData: { sign, every } } = require('node:worker_threads');
const { writeFileSync } = require('node:fs');
setInterval(() => {
  try {
    writeFileSync(sign, '.', { flag: 'r+' });
  } catch {}
}, every);`;

function touchFromThread(sign: string): () => void {
  const thread = new Worker(THREAD, { eval: true, execArgv: [], workerData: { sign, every: TOUCH_EVERY_MS } });
  thread.on('error', () => {}).unref();
  return () => void thread.terminate();
}

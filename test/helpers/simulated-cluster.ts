import { RandomState } from '../../src/core/random.ts';
import type { Clock } from '../../src/runner/queue/clock.ts';
import type { QueueFiles } from '../../src/runner/queue/files.ts';

/** Machines that share a folder over NFS, in time that is computed, not waited for. */
export interface Cluster {
  readonly now: () => number;
  /** A process of its own: its clock, and its view of the folder. */
  open(): Machine;
  /** Runs until nothing is to happen any more, or `isOver`. */
  run(isOver: () => boolean): Promise<void>;
  /** What the server was asked for so far. */
  readonly requests: () => number;
  readonly bytes: () => number;
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

export interface Machine {
  readonly clock: Clock;
  readonly files: QueueFiles;
  /** Nothing that it waits for comes back any more. */
  die(): void;
  /** Nothing that it waits for comes back before so many milliseconds have passed. */
  suspend(milliseconds: number): void;
  /** All that it writes is refused from now on. */
  fill(): void;
}

/** Of a network file system in a data centre. */
const ROUND_TRIP_MS = 0.5;
/** A server's disk, until what was written is safe. */
const COMMIT_MS = 2;
/** The server's own time for a request; while it works on one, others wait. */
const SERVICE_MS = 0.02;
/** For so long a client believes what it has read of a folder, unless it has changed it itself. */
const FOLDER_CACHE_MS = 3000;

export function simulatedCluster(seed: number, roundTripMs = ROUND_TRIP_MS): Cluster {
  const random = new RandomState(seed);
  const events = openHeap();
  const nodes = new Map<string, { bytes: Uint8Array; readonly links: Set<string> }>();
  let [time, free, requests] = [0, 0, 0];

  const at = (when: number): Promise<void> => new Promise((resolve) => events.push(when, resolve));

  const open = (): Machine => {
    let [isDead, awakeAt, isFull] = [false, 0, false];
    let folder: { names: readonly string[]; at: number } = { names: [], at: -Infinity };
    const passed = async (milliseconds: number): Promise<void> => {
      await at(time + milliseconds);
      for (let until = awakeAt; until > time; until = awakeAt) await at(until);
      if (isDead) await new Promise(() => {});
    };
    /** Half the way there, the work at the server, half the way back: what happens, happens in the middle. */
    const asked = async <T>(trips: number, commitMs: number, act: () => T | typeof REFUSED): Promise<T> => {
      requests += trips;
      const way = () => trips * roundTripMs * (0.75 + random.uniform(0, 0.5));
      await passed(way() / 2);
      free = Math.max(free, time) + SERVICE_MS * trips;
      await at(free + commitMs);
      const answer = act();
      await passed(way() / 2);
      if (answer === REFUSED) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      return answer;
    };
    const changed = (): void => void (folder = { names: folder.names, at: -Infinity });
    return {
      clock: {
        // Of no machine's clock anything is expected but that it goes on.
        now: ((start) => () => time + start)(random.uniform(0, 1e9)),
        async sleep(milliseconds, signal) {
          if (signal?.aborted === true) return;
          if (signal === undefined) return passed(milliseconds);
          await new Promise<void>((resolve) => {
            const end = (): void => {
              signal.removeEventListener('abort', end);
              resolve();
            };
            signal.addEventListener('abort', end);
            void passed(milliseconds).then(end);
          });
        },
        random: () => random.uniform(0, 1),
      },
      files: {
        async list() {
          if (time - folder.at > FOLDER_CACHE_MS) folder = await asked(2, 0, () => ({ names: [...nodes.keys()], at: time }));
          return folder.names;
        },
        read: (name, from) => asked(3, 0, () => nodes.get(name)?.bytes.slice(from)),
        create: (name, content) =>
          asked(3, COMMIT_MS, () => {
            if (isFull) return REFUSED;
            changed();
            nodes.set(name, { bytes: Uint8Array.from(content), links: new Set([name]) });
            return undefined;
          }) as Promise<void>,
        link: (from, to) =>
          asked(1, 0, () => {
            changed();
            const node = nodes.get(from);
            if (node === undefined) throw new Error(`${from} is gone`);
            if (nodes.has(to)) return node.links.has(to);
            nodes.set(to, node);
            node.links.add(to);
            return true;
          }),
        append: (name, end, content) =>
          asked(4, COMMIT_MS, () => {
            if (isFull) return REFUSED;
            const node = nodes.get(name);
            if (node === undefined) return undefined;
            // A writer that dies on the way may leave a part of its line.
            const whole = isDead ? content.slice(0, Math.floor(content.byteLength / 2)) : content;
            node.bytes = extended(node.bytes, end, whole);
            return undefined;
          }) as Promise<void>,
        remove: (name) =>
          asked(1, 0, () => {
            changed();
            nodes.get(name)?.links.delete(name);
            nodes.delete(name);
          }),
      },
      die: () => void (isDead = true),
      suspend: (milliseconds) => void (awakeAt = time + milliseconds),
      fill: () => void (isFull = true),
    };
  };
  return {
    now: () => time,
    open,
    requests: () => requests,
    bytes: () => [...nodes.values()].reduce((all, { bytes }) => all + bytes.byteLength, 0),
    get contents() {
      return new Map([...nodes].map(([name, { bytes }]) => [name, bytes]));
    },
    async run(isOver) {
      while (!isOver()) {
        const next = events.pop();
        if (next === undefined) return;
        time = Math.max(time, next.at);
        next.resolve();
        await new Promise(setImmediate);
      }
    },
  };
}

/** Doubles the memory behind it where that does not suffice, so that a log of megabytes is not copied for each of its lines. */
function extended(bytes: Uint8Array, end: number, more: Uint8Array): Uint8Array {
  const size = end + more.byteLength;
  const memory = bytes.buffer.byteLength >= size ? bytes.buffer : new ArrayBuffer(2 * size);
  const whole = new Uint8Array(memory, 0, size);
  if (memory !== bytes.buffer) whole.set(bytes.subarray(0, end));
  whole.set(more, end);
  return whole;
}

const REFUSED = Symbol('the disk is full');

interface Event {
  readonly at: number;
  readonly resolve: () => void;
}

/** The earliest first; of equal ones that which came first. */
function openHeap(): { push(at: number, resolve: () => void): void; pop(): Event | undefined } {
  const heap: (Event & { readonly n: number })[] = [];
  let number = 0;
  const isBefore = (a: number, b: number): boolean => {
    const [one, other] = [heap[a], heap[b]];
    return one !== undefined && (other === undefined || one.at < other.at || (one.at === other.at && one.n < other.n));
  };
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [heap[b] as (typeof heap)[number], heap[a] as (typeof heap)[number]];
  };
  return {
    push(at, resolve) {
      heap.push({ at, resolve, n: (number += 1) });
      for (let i = heap.length - 1; i > 0 && isBefore(i, (i - 1) >> 1); i = (i - 1) >> 1) swap(i, (i - 1) >> 1);
    },
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      heap[0] = last;
      for (let i = 0; ; ) {
        const [left, right] = [2 * i + 1, 2 * i + 2];
        const least = isBefore(right, left) ? right : left;
        if (!isBefore(least, i) || least >= heap.length) return first;
        swap(i, least);
        i = least;
      }
    },
  };
}

import { fateOf, parseOwner } from '../../core/owner.ts';
import type { Shape } from '../../core/shapes.ts';
import type { Clock } from './clock.ts';
import type { QueueFiles } from './files.ts';
import { batch, moved, snapshot, type Batch, type Operation, type Snapshot } from './operations.ts';
import { replayFrom, type QueueState, type Replay } from './state.ts';

/**
 * An append-only log of operations that many machines share, in a folder that NFS may serve.
 *
 * The log has parts, `log-<n>.jsonl`; only the last one counts, and its first line holds what all before it came to. Whoever writes
 * links a file of its own to `lock-<n>`, which succeeds for one client, reads to the end, decides, writes one line, and removes the link.
 * A lock that one and the same writer has held for 10 s, as this client has counted them, or that of a process which is dead by the
 * system's list, is not taken away but passed by: a link `seal-<n>` ends the part, and the next one begins. So a writer that was only
 * suspended writes into a part that nobody reads any more; it looks for the seal after writing where writing took long.
 */
export interface OperationLog {
  /** What was read so far. */
  readonly state: QueueState;
  /** Reads what is new, without a lock: it may be void, and is a hint to look closer. Answers whether anything was. */
  sync(): Promise<boolean>;
  /**
   * Writes the operations that `decide` finds for the true state, in one line or not at all. Calls it again where the line was void.
   * Throws what the file system throws; then nothing was written.
   */
  write(decide: (state: QueueState) => readonly Operation[]): Promise<readonly Operation[]>;
  readonly figures: LogFigures;
}

export interface LogFigures {
  /** The number of the part in use. */
  readonly part: number;
  /** How much of it was read. */
  readonly bytes: number;
}

/** A lock is held for milliseconds. */
export const LOCK_LEASE_MS = 10_000;

/** A line that was on the disk so soon after its lock was taken cannot have met a seal. */
const SAFE_MS = LOCK_LEASE_MS / 2;

/** How often a waiting writer looks at who has the lock. */
const LOOK_EVERY_MS = 250;

const SHORTEST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 200;

/** How often a reader that finds nothing new asks whether another part has begun. */
const ASK_EVERY_MS = 3000;

/** A part may grow to so many times what it began with. */
const GROWTH = 3;
const LEAST_PART_BYTES = 1 << 20;

export async function openLog(files: QueueFiles, clock: Clock, me: string): Promise<OperationLog> {
  const text = new TextEncoder();
  let [part, offset, first, n, number] = [0, 0, 0, 0, 0];
  let replay: Replay = replayFrom();
  let askedAt = clock.now();

  const ownName = (): string => `own-${me}-${(number += 1)}`;

  /** A file with this content under a name that one client gets. */
  const begin = async (name: string, content: string): Promise<boolean> => {
    const own = ownName();
    await files.create(own, text.encode(content));
    try {
      return await files.link(own, name);
    } finally {
      await files.remove(own);
    }
  };

  const lastPart = async (): Promise<number> => {
    const numbers = (await files.list()).flatMap((name) => /^log-(\d+)\.jsonl$/.exec(name)?.[1] ?? []).map(Number);
    askedAt = clock.now();
    return Math.max(0, ...numbers);
  };

  /** Reads lines; `locked`: all that is there is true, and what cannot be read is damaged. Answers whether there was anything. */
  const readOn = async (locked: boolean): Promise<'nothing' | 'news' | 'moved'> => {
    const bytes = await files.read(logName(part), offset);
    if (bytes === undefined) return 'moved';
    const end = bytes.lastIndexOf(NEW_LINE) + 1;
    let at = 0;
    while (at < end) {
      const next = bytes.indexOf(NEW_LINE, at) + 1;
      const line = parsed(bytes.subarray(at, next));
      if (line === undefined && !locked) break; // A server may show a file longer before it shows what was written.
      if (line !== undefined && 'moved' in line) return 'moved';
      if (line !== undefined && 'snapshot' in line) {
        replay = replayFrom(line);
        first = next - at;
      }
      if (line !== undefined && 'operations' in line) replay.apply(line);
      at = next;
    }
    offset += at;
    return at > 0 ? 'news' : 'nothing';
  };

  const enter = async (): Promise<void> => {
    for (;;) {
      const last = await lastPart();
      if (last === 0) await begin(logName(1), `${JSON.stringify(replayFrom().snapshot())}\n`);
      if (last === 0 || last === part) {
        if (last !== 0) return;
        continue;
      }
      [part, offset] = [last, 0];
      const outcome = await readOn(false);
      if (outcome === 'news') return;
      if (outcome === 'moved') part = 0; // Another has begun and cleared this one away.
      else return passBy(); // Its first line is damaged: the next part holds what this client knew.
    }
  };

  /** Begins the next part where this one is sealed, or its writer gives no sign of life. Whoever comes first decides what it holds. */
  const passBy = async (): Promise<void> => {
    await begin(sealName(part), me);
    const outcome = await readOn(true);
    if (outcome !== 'moved') await begin(logName(part + 1), `${JSON.stringify(replay.snapshot())}\n`);
    await enter();
  };

  const isSealed = async (): Promise<boolean> => (await files.read(sealName(part), 0)) !== undefined;

  /** Links the lock of the current part; answers with the names of its two links, and when it was asked for. */
  const lock = async (): Promise<{ readonly own: string; readonly name: string; readonly since: number }> => {
    let [own, wait, lookedAt] = ['', SHORTEST_WAIT_MS, -Infinity];
    let watched = { token: '', since: clock.now() };
    for (;;) {
      if (own === '') await files.create((own = ownName()), text.encode(`${me} ${number}`));
      const [name, since] = [lockName(part), clock.now()];
      if (await files.link(own, name)) {
        if (!(await isSealed())) {
          return { own, name, since };
        }
        await files.remove(name);
        await files.remove(own);
        own = '';
        await passBy();
        continue;
      }
      if (clock.now() - lookedAt >= LOOK_EVERY_MS) {
        lookedAt = clock.now();
        const token = new TextDecoder().decode((await files.read(name, 0)) ?? new Uint8Array());
        if (token !== watched.token) watched = { token, since: lookedAt };
        const [holder = ''] = token.split(' ');
        const isDead = token !== '' && fateOfClient(holder) === 'dead';
        if (isDead || (token !== '' && clock.now() - watched.since > LOCK_LEASE_MS) || (await isSealed())) {
          await passBy();
          watched = { token: '', since: clock.now() };
        }
      }
      await clock.sleep(wait * (0.5 + clock.random() / 2));
      wait = Math.min(LONGEST_WAIT_MS, wait * 1.5);
    }
  };

  /** The state as the first line of the next part; the lock of this one stays for good. */
  const compact = async (): Promise<void> => {
    if (!(await begin(logName(part + 1), `${JSON.stringify(replay.snapshot())}\n`))) return;
    await files.append(logName(part), offset, text.encode(`${JSON.stringify({ moved: part + 1 })}\n`));
    await begin(sealName(part), me);
    const keep = new RegExp(`^(log|lock|seal)-(${part}|${part + 1})(\\.jsonl)?$`);
    for (const name of await files.list()) {
      const owner = /^own-(.+)-\d+$/.exec(name)?.[1];
      const isOver = owner === undefined ? /^(log|lock|seal)-\d+/.test(name) && !keep.test(name) : fateOfClient(owner) === 'dead';
      if (isOver) await files.remove(name);
    }
  };

  const writeOnce = async (decide: (state: QueueState) => readonly Operation[]): Promise<readonly Operation[] | undefined> => {
    const { own, name, since } = await lock();
    let isOver = false;
    try {
      if ((await readOn(true)) === 'moved') {
        await enter();
        return undefined;
      }
      const operations = decide(replay.state);
      if (operations.length === 0) return operations;
      const line: Batch = { by: me, n: (n += 1), operations };
      const bytes = text.encode(`${JSON.stringify(line)}\n`);
      await files.append(logName(part), offset, bytes);
      if (clock.now() - since > SAFE_MS && (await isSealed())) {
        await passBy();
        return replay.state.seen.get(me) === n ? operations : undefined;
      }
      replay.apply(line);
      offset += bytes.byteLength;
      if (offset > Math.max(LEAST_PART_BYTES, GROWTH * first)) {
        isOver = true;
        await compact();
      }
      return operations;
    } finally {
      if (!isOver) await files.remove(name);
      await files.remove(own);
    }
  };

  await enter();
  let turn: Promise<unknown> = Promise.resolve();
  /** One after the other: reading moves what writing counts on. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => {});
    return mine;
  };
  return {
    get state() {
      return replay.state;
    },
    get figures() {
      return { part, bytes: offset };
    },
    sync: () =>
      inTurn(async () => {
        const outcome = await readOn(false);
        if (outcome === 'nothing' && clock.now() - askedAt < ASK_EVERY_MS) return false;
        const before = part;
        if (outcome !== 'news') await enter();
        return outcome === 'news' || part !== before;
      }),
    write: (decide) =>
      inTurn(async () => {
        for (;;) {
          const written = await writeOnce(decide);
          if (written !== undefined) return written;
        }
      }),
  };
}

/** Whether the process of a client still runs, where this machine's list says so. */
export function fateOfClient(id: string): ReturnType<typeof fateOf> {
  const owner = parseOwner(id.replace(/~[0-9a-f]+$/, ''));
  return owner === undefined ? 'unknown' : fateOf(owner);
}

const NEW_LINE = 0x0a;

const logName = (part: number): string => `log-${part}.jsonl`;
const lockName = (part: number): string => `lock-${part}`;
const sealName = (part: number): string => `seal-${part}`;

type Line = Batch | Snapshot | { readonly moved: number };

const shapes: readonly (readonly [member: string, shape: Shape])[] = [['operations', batch], ['snapshot', snapshot], ['moved', moved]];

/** Undefined for what no client has written like that. */
function parsed(bytes: Uint8Array): Line | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const shape = shapes.find(([member]) => typeof value === 'object' && value !== null && member in value)?.[1];
    return shape !== undefined && shape(value, '') === undefined ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from './errors.ts';
import { temporaryBeside } from './files.ts';
import { fateOf, ownerName, parseOwner, thisProcess, type Owner } from './owner.ts';
import { shortened } from './text.ts';
import { isAlive, touchedAt } from './signs.ts';

export interface Lock {
  /** False once another process has taken it, because this one gave no sign of life. */
  isHeld(): boolean;
  /** The file that is there as long as it is held. */
  readonly claim: string;
  release(): void;
}

/** Files that an owner touches as long as it lives, besides the lock. */
export type Signs = (owner: Owner) => readonly string[];

const POLL_MS = 100;

/** A process that was suspended touches its signs before this has passed; so of two that wake up none takes the other for dead. */
const WATCH_MS = 3000;

/**
 * Waits until this process alone has the lock `path`; `onWait` hears once of each owner that has it now. That of an owner which has given
 * no sign of life for 30 s is taken over. Throws the `interrupted` error when the signal is aborted meanwhile.
 */
export async function acquireLock(
  path: string,
  signal: AbortSignal | undefined,
  onWait: (owner: Owner) => void,
  signs: Signs = noSigns,
): Promise<Lock> {
  let told = '';
  let watched = { name: '', touched: '', since: 0 };
  for (;;) {
    const taken = tryLock(path);
    if ('release' in taken) return taken;
    if (ownerName(taken) !== told) onWait(taken);
    told = ownerName(taken);
    const holder = holderOf(path);
    if (holder !== undefined && !isHolding(path, holder, signs)) {
      const touched = [join(path, holder.name), ...signs(holder.owner)].map(touchedAt).join();
      const isSame = watched.name === holder.name && watched.touched === touched;
      if (!isSame) watched = { name: holder.name, touched, since: performance.now() };
      else if (performance.now() - watched.since > WATCH_MS) remove(path, holder.name);
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    if (signal?.aborted === true) throw interrupted();
  }
}

/**
 * A lock is a folder that holds one file, named after its owner. It comes into being by renaming a finished folder, which
 * succeeds for one process only, and never over a folder that is not empty. The file of a dead owner is removed by its own
 * name, so that of two processes which find it neither can remove the other's lock.
 */
export function tryLock(path: string): Lock | Owner {
  const own = `${ownerName(thisProcess())}~${randomBytes(4).toString('hex')}`;
  const claim = join(path, own);
  const temporary = temporaryBeside(path);
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(temporary, own), '');
  try {
    for (;;) {
      if (renames(temporary, path)) return { isHeld: () => touchedAt(claim) !== undefined, claim, release: () => remove(path, own) };
      const holder = holderOf(path);
      if (holder === undefined) continue;
      if (fateOf(holder.owner) !== 'dead') return holder.owner;
      remove(path, holder.name);
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Who has the lock and lives; undefined where nobody does. */
export function livingOwner(path: string, signs: Signs = noSigns): Owner | undefined {
  const holder = holderOf(path);
  return holder !== undefined && isHolding(path, holder, signs) ? holder.owner : undefined;
}

const noSigns: Signs = () => [];

interface Holder {
  /** Of the file in the lock's folder. */
  readonly name: string;
  readonly owner: Owner;
}

function isHolding(path: string, { name, owner }: Holder, signs: Signs): boolean {
  return isAlive(owner, [join(path, name), ...signs(owner)]);
}

/** A file of which no owner is known, as a later version may leave it, counts as that of a process elsewhere. */
function holderOf(path: string): Holder | undefined {
  try {
    const [name] = readdirSync(path);
    return name === undefined
      ? undefined
      : { name, owner: parseOwner(name.replace(/~[0-9a-f]{8}$/, '')) ?? { pid: 0, started: '', host: shortened(name) } };
  } catch {
    return undefined;
  }
}

function renames(from: string, to: string): boolean {
  try {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
    return true;
  } catch (error) {
    const { code = '', dest } = error as NodeJS.ErrnoException & { readonly dest?: string };
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(code)) return false;
    if (code !== 'ENOTDIR' || dest === undefined) throw error;
    // A file where the lock's folder should be is nobody's.
    rmSync(to, { force: true });
    return false;
  }
}

/** Each step may find that another process was quicker. */
function remove(path: string, name: string): void {
  for (const take of [() => rmSync(join(path, name), { recursive: true }), () => rmdirSync(path)]) {
    try {
      take();
    } catch {
      // The lock is another's by now, or nobody's.
    }
  }
}

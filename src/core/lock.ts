import { mkdirSync, readdirSync, renameSync, rmSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from './errors.ts';
import { temporaryBeside } from './files.ts';
import { isAlive, ownerName, parseOwner, thisProcess, type Owner } from './owner.ts';

export interface Lock {
  release(): void;
}

const POLL_MS = 100;

/**
 * Waits until this process alone has the lock `path`; `onWait` hears once of each owner that has it now. Throws the
 * `interrupted` error when the signal is aborted meanwhile.
 */
export async function acquireLock(path: string, signal: AbortSignal | undefined, onWait: (owner: Owner) => void): Promise<Lock> {
  let told = '';
  for (;;) {
    const taken = tryLock(path);
    if ('release' in taken) return taken;
    if (ownerName(taken) !== told) onWait(taken);
    told = ownerName(taken);
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
  const own = ownerName(thisProcess());
  const temporary = temporaryBeside(path);
  mkdirSync(temporary, { recursive: true });
  writeFileSync(join(temporary, own), '');
  try {
    for (;;) {
      if (renames(temporary, path)) return { release: () => release(path, own) };
      const owner = ownerOf(path);
      if (owner !== undefined && isAlive(owner)) return owner;
      if (owner !== undefined) release(path, ownerName(owner));
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Who has the lock; undefined where nobody has. */
export function ownerOf(path: string): Owner | undefined {
  try {
    return readdirSync(path).map(parseOwner).find((owner) => owner !== undefined);
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
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** Each step may find that another process was quicker. */
function release(path: string, name: string): void {
  for (const remove of [() => unlinkSync(join(path, name)), () => rmdirSync(path)]) {
    try {
      remove();
    } catch {
      // The lock is another's by now, or nobody's.
    }
  }
}

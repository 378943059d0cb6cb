import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, rmdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { moveIntoPlace, removeLeftovers } from '../core/files.ts';
import { acquireLock, ownerOf, type Lock } from '../core/lock.ts';
import { isAlive, ownerName, parseOwner, thisProcess, type Owner } from '../core/owner.ts';
import { readManifest, whatIsBroken, writeManifest, type Expected, type KeyParts, type Manifest } from './manifest.ts';

/** An entry's address. */
export interface Address {
  readonly stage: string;
  readonly key: string;
}

/** What is at an address: nothing, a complete entry, or one that is not as it was made. */
export type EntryState = { readonly kind: 'absent' | 'sound' } | { readonly kind: 'broken'; readonly problem: string };

/** Stage outputs by content address: `<artifacts>/cache/<stage>/<key>/`, each with a manifest of its files. */
export interface Cache {
  /** Where the entry is, or will be. */
  entry(address: Address): string;
  /** Reads all of it: what is cached is as it was made, or is made again. */
  inspect(entry: Address & Expected): Promise<EntryState>;
  /** What the entries of a stage were made from. */
  manifests(stage: string): readonly Manifest[];
  /** Waits until no other process makes the entry. */
  lock(address: Address, signal: AbortSignal | undefined, onWait: (owner: Owner) => void): Promise<Lock>;
  /** Where the task that makes an entry keeps what it goes on from after a crash. */
  partial(address: Address): string;
  /** Removes that of an entry which is complete: a process may have died between the two. */
  forgetPartial(address: Address): void;
  /** A fresh empty folder on the same file system, for a task to write into. */
  begin(): string;
  /** Makes a finished folder the entry, in place of one that may be there, and forgets how far its task had come. */
  commit(folder: string, entry: Address & Expected, parts: KeyParts): Promise<void>;
  /** Takes a broken entry out of the way; answers where it is now. */
  setAside(address: Address): string;
  /** Removes what a failed task left. */
  discard(folder: string): void;
  /** Removes what processes that were killed left. */
  clean(): void;
}

export function openCache(artifacts: string): Cache {
  const root = resolve(artifacts, 'cache');
  const workshop = join(root, 'tmp');
  const own = join(workshop, ownerName(thisProcess()));
  const entry = ({ stage, key }: Address): string => join(root, stage, key);
  const partial = ({ stage, key }: Address): string => join(root, 'partial', stage, key);
  const lockPath = ({ stage, key }: Address): string => join(root, 'locks', stage, key);
  const freshName = (): string => join(own, randomBytes(6).toString('hex'));
  return {
    entry,
    partial,
    async inspect(expected) {
      if (!isThere(entry(expected))) return { kind: 'absent' };
      const problem = await whatIsBroken(entry(expected), expected);
      return problem === undefined ? { kind: 'sound' } : { kind: 'broken', problem };
    },
    manifests: (stage) => namesIn(join(root, stage)).flatMap((key) => readManifest(entry({ stage, key })) ?? []),
    lock: (address, signal, onWait) => acquireLock(lockPath(address), signal, onWait),
    forgetPartial(address) {
      const owner = ownerOf(lockPath(address));
      if (owner === undefined || !isAlive(owner)) rmSync(partial(address), { recursive: true, force: true });
    },
    begin() {
      const folder = freshName();
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    async commit(folder, address, parts) {
      const final = entry(address);
      await writeManifest(folder, parts, address);
      const old = freshName();
      if (isThere(final)) renameSync(final, old);
      moveIntoPlace(folder, final);
      rmSync(old, { recursive: true, force: true });
      rmSync(partial(address), { recursive: true, force: true });
    },
    setAside(address) {
      const place = join(root, 'broken', address.stage, `${address.key}-${randomBytes(4).toString('hex')}`);
      mkdirSync(dirname(place), { recursive: true });
      renameSync(entry(address), place);
      return place;
    },
    discard(folder) {
      rmSync(folder, { recursive: true, force: true });
      if (existsSync(own) && readdirSync(own).length === 0) rmdirSync(own);
    },
    clean() {
      for (const name of namesIn(workshop)) {
        const owner = parseOwner(name);
        if (owner === undefined || !isAlive(owner)) rmSync(join(workshop, name), { recursive: true, force: true });
      }
      for (const folder of ['locks', 'partial']) removeLeftovers(join(root, folder));
    },
  };
}

/** Whatever stands there, a link that leads nowhere among it. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

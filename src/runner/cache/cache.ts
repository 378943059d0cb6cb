import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { isThere, moveIntoPlace, removeLeftovers } from '../../core/files.ts';
import { signOf, takeLease, workshopOf, type Lease } from '../../core/lease.ts';
import { acquireLock, livingOwner, type Lock, type Signs } from '../../core/lock.ts';
import { parseOwner, thisProcess, type Owner } from '../../core/owner.ts';
import { isAlive } from '../../core/signs.ts';
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
  /** What a process in this artifacts folder touches as long as it lives. */
  readonly signs: Signs;
  /** Waits until no other process makes the entry. */
  lock(address: Address, signal: AbortSignal | undefined, onWait: (owner: Owner) => void): Promise<Lock>;
  /** Waits until no other process begins a run, or takes away what no run needs. */
  lockRuns(signal?: AbortSignal): Promise<Lock>;
  /** Where the job that makes an entry keeps the state from which it resumes after a crash. */
  partial(address: Address): string;
  /** Removes that of an entry which is complete: a process may have died between the two. */
  forgetPartial(address: Address): void;
  /** A fresh empty folder on the same file system, for a job to write into. */
  begin(): string;
  /**
   * Makes a finished folder the entry, in place of one that may be there, and forgets how far its job had come. Throws a `run` error
   * where the lock was lost meanwhile: then another process makes the entry, or has.
   */
  commit(folder: string, entry: Address & Expected, parts: KeyParts, lock: Lock): Promise<void>;
  /** Takes a broken entry out of the way; answers where it is now. */
  setAside(address: Address): string;
  /** Removes what a failed job left. */
  discard(folder: string): void;
  /** Removes what processes that were killed left. */
  clean(): void;
  /** From now on others see that this process is at work, however busy it is. */
  keepAlive(): void;
  /** Ends what `begin`, `lock` and `keepAlive` took. */
  close(): void;
}

export function openCache(artifacts: string): Cache {
  const root = resolve(artifacts, 'cache');
  const workshop = join(root, 'tmp');
  const signs: Signs = (owner) => [signOf(resolve(artifacts), owner)];
  const entry = ({ stage, key }: Address): string => join(root, stage, key);
  const partial = ({ stage, key }: Address): string => join(root, 'partial', stage, key);
  let taken: Lease | undefined;
  const lease = (): Lease => {
    taken ??= takeLease(resolve(artifacts));
    taken.renew();
    return taken;
  };
  const freshName = (): string => join(workshopOf(resolve(artifacts), thisProcess()), randomBytes(6).toString('hex'));
  const lock = async (path: string, signal: AbortSignal | undefined, onWait: (owner: Owner) => void): Promise<Lock> => {
    lease();
    const had = await acquireLock(path, signal, onWait, signs);
    const isPledged = lease().renew();
    return { ...had, isHeld: () => isPledged() && had.isHeld() };
  };
  return {
    entry,
    partial,
    signs,
    async inspect(expected) {
      if (!isThere(entry(expected))) return { kind: 'absent' };
      const problem = await whatIsBroken(entry(expected), expected);
      return problem === undefined ? { kind: 'sound' } : { kind: 'broken', problem };
    },
    manifests: (stage) => namesIn(join(root, stage)).flatMap((key) => readManifest(entry({ stage, key })) ?? []),
    async lock(address, signal, onWait) {
      clearForFolder(join(root, address.stage));
      const had = await lock(lockOf(artifacts, address), signal, onWait);
      clearForFolder(partial(address));
      return had;
    },
    lockRuns: (signal) => lock(lockOf(artifacts, { stage: 'runs', key: 'all' }), signal, () => {}),
    forgetPartial(address) {
      if (livingOwner(lockOf(artifacts, address), signs) === undefined) rmSync(partial(address), { recursive: true, force: true });
    },
    begin() {
      lease();
      const folder = freshName();
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    async commit(folder, address, parts, { isHeld }) {
      const final = entry(address);
      await writeManifest(folder, parts, address);
      const old = freshName();
      moveIntoPlace(folder, final, () => {
        if (!isHeld()) throw new OrtrainError('run', `another process has taken over the work on ${final}`, { subject: final });
        if (isThere(final)) renameSync(final, old);
      });
      rmSync(old, { recursive: true, force: true });
      rmSync(partial(address), { recursive: true, force: true });
    },
    setAside(address) {
      const place = join(root, 'broken', address.stage, `${address.key}-${randomBytes(4).toString('hex')}`);
      mkdirSync(dirname(place), { recursive: true });
      renameSync(entry(address), place);
      return place;
    },
    discard: (folder) => rmSync(folder, { recursive: true, force: true }),
    clean() {
      for (const name of ['tmp', 'locks', 'partial', 'broken']) clearForFolder(join(root, name));
      for (const name of namesIn(workshop)) {
        const owner = parseOwner(name);
        const evidence = (of: Owner): readonly string[] => [join(workshop, name), ...signs(of)];
        if (owner === undefined || !isAlive(owner, evidence(owner))) rmSync(join(workshop, name), { recursive: true, force: true });
      }
      for (const folder of ['locks', 'partial']) removeLeftovers(join(root, folder), signs);
    },
    keepAlive: () => lease().keep(),
    close() {
      taken?.end();
      taken = undefined;
    },
  };
}

/** The lock of an entry. */
export function lockOf(artifacts: string, { stage, key }: Address): string {
  return join(resolve(artifacts), 'cache', 'locks', stage, key);
}

/** Removes what stands where the cache needs a folder, and is none: nothing that the cache holds. */
function clearForFolder(path: string): void {
  if (!isThere(path) || isFolder(path)) return;
  rmSync(path, { force: true });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function namesIn(folder: string): readonly string[] {
  return isFolder(folder) ? readdirSync(folder) : [];
}

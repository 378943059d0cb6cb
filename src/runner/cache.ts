import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OrtrainError } from '../core/errors.ts';
import { moveIntoPlace, writeJsonAtomic } from '../core/files.ts';
import { hashFile } from '../core/hash.ts';

/** Stage outputs by content address: `<artifacts>/cache/<stage>/<key>/`. An entry that exists is complete. */
export interface Cache {
  has(stage: string, key: string): boolean;
  /** Where the entry is, or will be. */
  entry(stage: string, key: string): string;
  /** Where the task that makes an entry keeps what it goes on from after a crash. */
  partial(stage: string, key: string): string;
  /** A fresh empty folder on the same file system, for a task to write into. */
  begin(): string;
  /** Makes a finished folder the entry, and forgets how far it had come; `replace` sets an existing entry aside first. */
  commit(folder: string, stage: string, key: string, replace: boolean): void;
  /** Removes what a failed task left. */
  discard(folder: string): void;
}

export function openCache(artifacts: string): Cache {
  const root = resolve(artifacts, 'cache');
  const workshop = join(root, 'tmp');
  const entry = (stage: string, key: string): string => join(root, stage, key);
  const partial = (stage: string, key: string): string => join(root, 'partial', stage, key);
  const freshName = (): string => join(workshop, `${process.pid}-${randomBytes(6).toString('hex')}`);
  return {
    entry,
    partial,
    has: (stage, key) => existsSync(entry(stage, key)),
    begin() {
      const folder = freshName();
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    commit(folder, stage, key, replace) {
      const final = entry(stage, key);
      if (replace && existsSync(final)) {
        const old = freshName();
        renameSync(final, old);
        moveIntoPlace(folder, final);
        rmSync(old, { recursive: true, force: true });
      } else {
        moveIntoPlace(folder, final);
      }
      rmSync(partial(stage, key), { recursive: true, force: true });
    },
    discard: (folder) => rmSync(folder, { recursive: true, force: true }),
  };
}

interface KnownHash {
  readonly size: number;
  readonly changed: number;
  readonly inode: number;
  readonly sha256: string;
}

/** Content hashes of files outside the cache, remembered by size, time of change and inode, so that a second run need not read them. */
export interface FileHashes {
  of(path: string): Promise<string>;
  save(): void;
}

export function openFileHashes(artifacts: string): FileHashes {
  const store = resolve(artifacts, 'cache', 'file-hashes.json');
  const known = new Map<string, KnownHash>(Object.entries(readStore(store)));
  let grown = false;
  return {
    async of(path) {
      const absolute = resolve(path);
      const stat = statSync(absolute, { throwIfNoEntry: false });
      if (stat === undefined) throw new OrtrainError('data', `there is no file ${path}`, { subject: path });
      const before = known.get(absolute);
      if (before?.size === stat.size && before.changed === stat.ctimeMs && before.inode === stat.ino) return before.sha256;
      const sha256 = await hashFile(absolute);
      known.set(absolute, { size: stat.size, changed: stat.ctimeMs, inode: stat.ino, sha256 });
      grown = true;
      return sha256;
    },
    save() {
      if (grown) writeJsonAtomic(store, Object.fromEntries(known));
      grown = false;
    },
  };
}

/** The remembered hashes; a lost or damaged store only costs reading the files again. */
function readStore(path: string): Record<string, KnownHash> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, KnownHash>;
  } catch {
    return {};
  }
}

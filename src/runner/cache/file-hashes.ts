import { lstatSync, rmSync, statSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';
import { contentHash } from '../../core/content.ts';
import { OrtrainError } from '../../core/errors.ts';
import { writeJsonAtomic } from '../../core/files.ts';
import { readJsonInput } from '../../core/inputs.ts';
import { count, number, object, primitive, record } from '../../core/shapes.ts';

interface KnownHash {
  readonly size: number;
  readonly changed: number;
  readonly inode: number;
  readonly sha256: string;
}

/**
 * Content hashes of files outside the cache, remembered by size, time of change and inode, so that a run whose results are all cached
 * need not read them.
 */
export interface FileHashes {
  of(path: string): Promise<string>;
  /** Reads files that are about to be used; answers whether each still has its remembered hash, and remembers the new ones. */
  confirm(paths: readonly string[]): Promise<boolean>;
  save(): void;
}

export function openFileHashes(artifacts: string): FileHashes {
  const store = resolve(artifacts, 'cache', 'file-hashes.json');
  const known = new Map<string, KnownHash>(Object.entries(readStore(store)));
  let grown = false;
  const read = async (path: string, stat: Stats): Promise<string> => {
    const sha256 = await contentHash(path);
    known.set(path, { size: stat.size, changed: stat.ctimeMs, inode: stat.ino, sha256 });
    grown = true;
    return sha256;
  };
  const statOf = (path: string): Stats => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw new OrtrainError('data', `there is no file ${path}`, { subject: path });
    return stat;
  };
  return {
    async of(path) {
      const absolute = resolve(path);
      const [stat, before] = [statOf(absolute), known.get(absolute)];
      return before?.size === stat.size && before.changed === stat.ctimeMs && before.inode === stat.ino
        ? before.sha256
        : read(absolute, stat);
    },
    async confirm(paths) {
      let isSame = true;
      for (const path of paths.map((each) => resolve(each))) {
        const before = known.get(path)?.sha256;
        if (before !== (await read(path, statOf(path)))) isSame = false;
      }
      return isSame;
    },
    save() {
      if (grown) writeStore(store, Object.fromEntries([...known].filter(([, { changed }]) => Math.abs(Date.now() - changed) > FRESH_MS)));
      grown = false;
    },
  };
}

/** SHA-256 in hex. */
const digest = primitive<string>('a SHA-256', (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));

/** A file that has just been changed may be changed again within the same tick of its file system's clock. */
const FRESH_MS = 2000;

function writeStore(path: string, known: Readonly<Record<string, KnownHash>>): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) rmSync(path, { recursive: true });
  writeJsonAtomic(path, known);
}

/** The remembered hashes; a lost or damaged store only costs reading the files again. */
function readStore(path: string): Record<string, KnownHash> {
  try {
    return readJsonInput(path, record(object({ size: count, changed: number, inode: number, sha256: digest })));
  } catch {
    return {};
  }
}

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { OrtrainError } from '../core/errors.ts';
import { writeJsonAtomic } from '../core/files.ts';
import { hashFile } from '../core/hash.ts';
import { readJsonInput } from '../core/inputs.ts';
import { count, number, object, record, text } from '../core/shapes.ts';

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
    return readJsonInput(path, record(object({ size: count, changed: number, inode: number, sha256: text })));
  } catch {
    return {};
  }
}

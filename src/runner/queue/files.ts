import {
  closeSync, fstatSync, fsyncSync, ftruncateSync, linkSync, mkdirSync, openSync, readSync, readdirSync, rmSync, statSync, writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { naming } from '../../core/system-errors.ts';

/**
 * What the queue asks of a file system. NFS keeps all of it: a link comes into being for one process only, whoever opens a file sees what
 * was closed before, and what is synced stays. Locks of the system, renames over files in use and appending by several are not asked for.
 */
export interface QueueFiles {
  /** Names in the folder. */
  list(): Promise<readonly string[]>;
  /** From a byte on; undefined where there is no such file. */
  read(name: string, from: number): Promise<Uint8Array | undefined>;
  /** A whole new file, on the disk before this answers. */
  create(name: string, content: Uint8Array): Promise<void>;
  /** False where the name is taken. Of several at the same moment one gets it. */
  link(from: string, to: string): Promise<boolean>;
  /** Writes at `at`, which becomes the file's end first: what stands behind it was never whole. On the disk before this answers. */
  append(name: string, at: number, content: Uint8Array): Promise<void>;
  /** Nothing where there is no such file. */
  remove(name: string): Promise<void>;
}

/** A folder of the disk, made where it is missing. */
export function openQueueFiles(folder: string): QueueFiles {
  mkdirSync(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  return {
    list: async () => readdirSync(folder),
    async read(name, from) {
      const file = opened(at(name));
      if (file === undefined) return undefined;
      try {
        const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
        let read = 0;
        for (let more = 1; read < bytes.byteLength && more > 0; read += more)
          more = readSync(file, bytes, read, bytes.byteLength - read, from + read);
        return bytes.subarray(0, read);
      } finally {
        closeSync(file);
      }
    },
    create: async (name, content) => written(at(name), 'wx', 0, content),
    async link(from, to) {
      try {
        linkSync(at(from), at(to));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        // A server's answer may be lost and the question repeated; the second name shows that the first one was heard.
        return statSync(at(from)).nlink > 1;
      }
    },
    append: async (name, end, content) => written(at(name), 'r+', end, content),
    remove: async (name) => rmSync(at(name), { force: true }),
  };
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (['ENOENT', 'ESTALE'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** What could not be written whole is taken back. */
function written(path: string, flags: 'wx' | 'r+', at: number, content: Uint8Array): void {
  const file = openSync(path, flags);
  try {
    naming(path, () => {
      if (fstatSync(file).size > at) ftruncateSync(file, at);
      for (let done = 0; done < content.byteLength; ) done += writeSync(file, content, done, content.byteLength - done, at + done);
      fsyncSync(file);
    });
  } catch (error) {
    if (flags === 'wx') rmSync(path, { force: true });
    else ftruncateSync(file, at);
    throw error;
  } finally {
    closeSync(file);
  }
}

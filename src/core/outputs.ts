import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted, OrtrainError } from './errors.ts';
import { makeFolder } from './files.ts';
import { naming } from './system-errors.ts';

/**
 * Files that a person names: `predict --output`, `compare --report`, `init --output`. Links are followed and stay links, a file that is
 * replaced keeps its mode and owner, and what is not a file (a pipe, a terminal, `/dev/stdout`) is written into and never replaced.
 */

export interface OutputOptions {
  readonly signal?: AbortSignal;
  /** Hears of a named pipe that nobody reads yet. */
  readonly onWait?: (message: string) => void;
}

/** Throws a usage error for a path that cannot be written, so that nobody waits hours to learn of it. */
export function checkOutput(path: string): void {
  if (path === '' || path.includes('\0'))
    throw new OrtrainError('usage', `${JSON.stringify(path)} names no file`, { remedy: 'Name a file to write.' });
  const stat = whatIsAt(path);
  if (stat?.isDirectory() === true || (stat === undefined && /[\\/]$/.test(path)))
    throw notWritable(path, 'a directory, not a file', 'Name a file in it.');
  if (stat?.isBlockDevice() === true) throw notWritable(path, 'a disk, and what it holds would be lost', 'Name a file.');
  if (stat?.isSocket() === true && descriptorOf(path) === undefined) throw notWritable(path, 'a socket, not a file', 'Name a file.');
  if (stat?.isFile() === true) naming(path, () => accessSync(path, constants.W_OK));
  if (stat === undefined) checkFolder(path, dirname(endOfLinks(path)));
}

/** Throws a usage error for a path that can be no folder. */
export function checkOutputFolder(path: string): void {
  if (path === '' || path.includes('\0'))
    throw new OrtrainError('usage', `${JSON.stringify(path)} names no folder`, { remedy: 'Name a folder to write.' });
  if (whatIsAt(path) === undefined) checkFolder(path, dirname(endOfLinks(path)));
}

/**
 * Writes a whole file for a person: as a reader sees it, either the old content or the new. Into a stream, from its beginning to its end.
 */
export async function writeOutput(path: string, content: string | Uint8Array, options: OutputOptions = {}): Promise<void> {
  checkOutput(path);
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  const descriptor = isStandardOutput(path) ? STDOUT : descriptorOf(path);
  if (descriptor !== undefined) return pour(descriptor, bytes, path, options);
  const stat = whatIsAt(path);
  if (stat === undefined || stat.isFile()) return replaceFile(endOfLinks(path), bytes, stat);
  const stream = await openStream(path, stat, options);
  try {
    await pour(stream, bytes, path, options);
  } finally {
    closeSync(stream);
  }
}

/** Whether a path leads to where this process prints its results. */
export function isStandardOutput(path: string): boolean {
  if (descriptorOf(path) === STDOUT) return true;
  try {
    const [own, other] = [fstatSync(STDOUT), statSync(path)];
    return own.ino === other.ino && own.dev === other.dev;
  } catch {
    return false;
  }
}

/** Whether something is there that a new file would take the place of: not so for streams. */
export function isTaken(path: string): boolean {
  const stat = whatIsAt(path);
  return stat !== undefined && (stat.isFile() || stat.isDirectory()) && !isStandardOutput(path);
}

/** Where a path leads in the end, through links whose last one may lead to nothing yet. */
export function endOfLinks(path: string): string {
  let at = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    at = join(real(dirname(at)), basename(at));
    const next = linkAt(at);
    if (next === undefined) return at;
    at = resolve(dirname(at), next);
  }
  throw notWritable(path, 'a link that goes in a circle', 'Name another file.');
}

const STDOUT = 1;

/** As many as Linux follows. */
const MOST_LINKS = 40;

const POLL_MS = 20;

function notWritable(path: string, what: string, remedy: string): OrtrainError {
  return new OrtrainError('usage', `${path} is ${what}`, { subject: path, remedy });
}

function whatIsAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ELOOP') throw notWritable(path, 'a link that goes in a circle', 'Name another file.');
    if (code === 'ENAMETOOLONG') throw notWritable(path, 'too long for a name', 'Name another file.');
    if (code === 'ENOTDIR') checkFolder(path, dirname(resolve(path)));
    throw error;
  }
}

/** The nearest folder above a new file that exists has to be one that can be written. */
function checkFolder(path: string, folder: string): void {
  for (let at = folder; ; at = dirname(at)) {
    let stat: Stats | undefined;
    try {
      stat = statSync(at, { throwIfNoEntry: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') throw error;
    }
    if (stat === undefined && dirname(at) !== at) continue;
    if (stat?.isDirectory() !== true) throw notWritable(path, `to be in ${at}, which is not a directory`, 'Name a file in a directory.');
    return naming(at, () => accessSync(at, constants.W_OK));
  }
}

/** The number of this process's own open file that a path such as `/dev/stdout` or `/dev/fd/63` stands for. */
function descriptorOf(path: string): number | undefined {
  let at = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const [folder, name] = [real(dirname(at)), basename(at)];
    if ((folder === `/proc/${process.pid}/fd` || folder === '/dev/fd') && /^\d+$/.test(name)) return Number(name);
    const next = linkAt(join(folder, name));
    if (next === undefined) return undefined;
    at = resolve(folder, next);
  }
  return undefined;
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Opening a pipe waits for its reader; so that Ctrl-C is heard meanwhile, it is asked again and again whether there is one. */
async function openStream(path: string, stat: Stats, { signal, onWait }: OutputOptions): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      if (!stat.isFIFO())
        throw new OrtrainError('environment', `${path} cannot be written: there is no device behind it`, { subject: path, cause: error });
    }
    if (tries === 1) onWait?.(`waiting for a reader of ${path}`);
    await pause(signal);
  }
}

async function pour(file: number, bytes: Uint8Array, path: string, { signal }: OutputOptions): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) {
    try {
      written += writeSync(file, bytes, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE')
        throw new OrtrainError('environment', `whoever read ${path} stopped before its end`, { subject: path, cause: error });
      if (code === 'EBADF') throw notWritable(path, 'not open for writing', 'Name a file.');
      if (code !== 'EAGAIN') naming(path, () => raise(error));
      await pause(signal);
    }
  }
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  if (signal?.aborted === true) throw interrupted();
}

function raise(error: unknown): never {
  throw error;
}

/** By a rename, or, where the folder does not allow that (a file mounted into a container, a folder of others), in place. */
function replaceFile(path: string, bytes: Uint8Array, before: Stats | undefined): void {
  makeFolder(dirname(path));
  const temporary = join(dirname(path), `.ortrain-${randomBytes(8).toString('hex')}.tmp`);
  try {
    write(temporary, 'wx', path, bytes, before);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (before === undefined || !UNREPLACEABLE.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    write(path, 'r+', path, bytes, undefined);
  }
}

const UNREPLACEABLE: readonly string[] = ['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EXDEV'];

function write(to: string, flags: 'wx' | 'r+', path: string, bytes: Uint8Array, like: Stats | undefined): void {
  const file = openSync(to, flags === 'wx' ? flags : constants.O_WRONLY | constants.O_TRUNC);
  try {
    if (like !== undefined) resemble(file, like);
    naming(path, () => {
      for (let written = 0; written < bytes.byteLength; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    });
  } finally {
    closeSync(file);
  }
}

/** Only root may give a file away; whoever else replaces a file of others owns the new one. */
function resemble(file: number, { uid, gid, mode }: Stats): void {
  const own = fstatSync(file);
  try {
    if (own.uid !== uid || own.gid !== gid) fchownSync(file, uid, gid);
  } catch {
    // The content matters more than whose it is.
  }
  fchmodSync(file, mode & 0o7777);
}

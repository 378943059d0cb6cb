import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ownerName, parseOwner, thisProcess, type Owner } from './owner.ts';
import { isAlive } from './signs.ts';
import { naming } from './system-errors.ts';

/** Whatever stands there, a link that leads nowhere among it. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (/^(ENOTDIR|ENAMETOOLONG|ELOOP)$/.test((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** A name in the same folder that no other process uses, so that a rename into place stays within one file system. */
export function temporaryBeside(path: string): string {
  return `${path}~${ownerName(thisProcess())}~${randomBytes(4).toString('hex')}.tmp`;
}

/**
 * Removes what processes that are dead by now left under temporary names, in a folder and below.
 *
 * @param signs files that an owner touches as long as it lives, besides what it is writing
 */
export function removeLeftovers(folder: string, signs: (owner: Owner) => readonly string[]): void {
  for (const name of namesBelow(folder)) {
    const owner = parseOwner(/~([^~]+)~[0-9a-f]{8}\.tmp$/.exec(name)?.[1] ?? '');
    const path = join(folder, name);
    if (owner !== undefined && !isAlive(owner, [path, ...signs(owner)])) rmSync(path, { recursive: true, force: true });
  }
}

/** Of files and folders below a folder, as paths in it. What links lead to is not below it. */
function namesBelow(folder: string, above = ''): readonly string[] {
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return entries.flatMap((entry) => [
    join(above, entry.name),
    ...(entry.isDirectory() ? namesBelow(join(folder, entry.name), join(above, entry.name)) : []),
  ]);
}

/**
 * Writes a file so that a reader, or a crash, sees either the old content or the new: temporary name, sync, rename, and sync
 * of the folder, so that what is written afterwards never reaches the disk before it. Content may come in pieces.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array | Iterable<Uint8Array>): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = temporaryBeside(path);
  const file = openSync(temporary, 'wx');
  try {
    naming(path, () => {
      for (const bytes of piecesOf(content)) {
        for (let written = 0; written < bytes.byteLength; ) {
          written += writeSync(file, bytes, written, Math.min(bytes.byteLength - written, MOST_AT_ONCE));
        }
      }
      fsyncSync(file);
    });
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** Bytes: Node reads and writes less than 2 GiB in one call. */
export const MOST_AT_ONCE = 2 ** 30;

/** `writeFileAtomic` of a JSON value, indented, ending in a line break. */
export function writeJsonAtomic(path: string, value: unknown): void {
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Moves a finished folder to its final place, once everything in it is on the disk. If another process was there first,
 * theirs stays and ours is removed.
 *
 * @param claim makes room for it in the last moment, or throws where this process has lost the right to do so
 */
export function moveIntoPlace(temporary: string, final: string, claim: () => void = () => {}): void {
  mkdirSync(dirname(final), { recursive: true });
  syncTree(temporary);
  claim();
  try {
    renameSync(temporary, final);
    syncFolder(dirname(final));
  } catch (error) {
    if (!existsSync(final)) throw error;
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Makes a folder and those it lies in. One level at a time, because Node's own `recursive` never returns where the system
 * answers ENOENT for a folder whose parent exists, as /proc does.
 */
export function makeFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
  }
}

/** Files above this size are linked, not copied. */
export const LINK_FROM_BYTES = 1 << 20;

/**
 * Puts `source` at `target`, replacing what is there, unless that is the same file already. Large files become hard links where the file
 * system can; small ones are copies, so that editing one does not change the other.
 */
export function placeFile(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  if (isSameFile(source, target)) return;
  const temporary = temporaryBeside(target);
  if (statSync(source).size < LINK_FROM_BYTES || !tryLink(source, temporary)) copyToDisk(source, temporary);
  renameSync(temporary, target);
  // rename(2) does nothing where both names are links to the same file already.
  rmSync(temporary, { force: true });
}

function isSameFile(source: string, target: string): boolean {
  const [one, other] = [lstatSync(source), lstatSync(target, { throwIfNoEntry: false })];
  return one.ino === other?.ino && one.dev === other.dev;
}

function piecesOf(content: string | Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  if (typeof content === 'string') return [Buffer.from(content, 'utf8')];
  return content instanceof Uint8Array ? [content] : content;
}

function copyToDisk(source: string, target: string): void {
  copyFileSync(source, target, constants.COPYFILE_FICLONE);
  syncFile(target);
}

/** Brings a folder and everything in it to the disk. */
function syncTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncTree(path);
    else syncFile(path);
  }
  syncFolder(folder);
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Brings a folder's list of names to the disk, where the system can open folders. */
function syncFolder(folder: string): void {
  let file: number | undefined;
  try {
    file = openSync(folder, 'r');
    fsyncSync(file);
  } catch {
    // Windows opens no folders; there the file system keeps the order by itself.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function tryLink(source: string, target: string): boolean {
  try {
    linkSync(source, target);
    return true;
  } catch {
    return false;
  }
}

import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { OrtrainError } from './errors.ts';
import { kindOf } from './inputs.ts';

/**
 * Files in folders that this program keeps: runs, and entries of the cache. Whoever made such a folder may have put links, pipes and
 * devices there, in place of files; they are never followed, never opened, and named. The folder itself is where its path leads.
 */

/** Whether a path, with forward slashes, stays below the folder that it starts in. */
export function staysInside(path: string): boolean {
  return path !== '' && !/^[\\/]|^[a-z]:|\0/i.test(path) && !path.split(/[\\/]/).includes('..');
}

/** The path of a file in a folder, whether it is there or not. Throws a data error where something else is, or on the way to it. */
export function fileInside(folder: string, name: string): string {
  const stat = statInside(folder, name);
  if (stat !== undefined && !stat.isFile()) throw strange(join(folder, name), stat);
  return join(folder, name);
}

/** The path of a folder in a folder, whether it is there or not. Throws as `fileInside`. */
export function folderInside(folder: string, name: string): string {
  const stat = statInside(folder, name);
  if (stat !== undefined && !stat.isDirectory()) throw strange(join(folder, name), stat);
  return join(folder, name);
}

/** Opens a file that is no link, without waiting for anybody. Throws a data error for what is no file. */
export function openFile(path: string, flags: number): number {
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (before !== undefined && !before.isFile()) throw strange(path, before);
  const file = openSync(path, flags | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0), 0o666);
  const stat = fstatSync(file);
  if (stat.isFile()) return file;
  closeSync(file);
  throw strange(path, stat);
}

/** Undefined where nothing is. */
function statInside(folder: string, name: string): Stats | undefined {
  let at = folder;
  let stat: Stats | undefined;
  const parts = name.split(/[\\/]/);
  for (const [i, part] of parts.entries()) {
    at = join(at, part);
    stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (i < parts.length - 1 && !stat.isDirectory()) throw strange(at, stat);
  }
  return stat;
}

function strange(path: string, stat: Stats): OrtrainError {
  const what = stat.isSymbolicLink()
    ? 'a link, and links in the folder of a run or in the cache are not followed'
    : `${kindOf(stat) ?? 'a file'}, which does not belong there`;
  return new OrtrainError('data', `${path} is ${what}`, { subject: path, remedy: 'Move it away; what a run needs is made again.' });
}

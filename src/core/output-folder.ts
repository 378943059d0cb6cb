import { randomBytes } from 'node:crypto';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OrtrainError } from './errors.ts';
import { makeFolder } from './files.ts';
import { checkOutputFolder, endOfLinks } from './outputs.ts';

/** A folder that a person names. It appears complete or not at all. */
export interface OutputFolder {
  /** Where the links of its path lead. */
  readonly folder: string;
  /** On the same file system, made by `begin`. */
  readonly temporary: string;
  /** Makes the temporary folder. */
  begin(): void;
  /** Moves what was made to its place. */
  commit(): void;
  /** Removes what was not moved. */
  discard(): void;
}

/**
 * An empty folder that is there already stays the one that it is, with its mode, because it may be where another disk is mounted; what
 * is made moves into it. Throws a usage error where something else is there.
 */
export function openOutputFolder(path: string): OutputFolder {
  checkOutputFolder(path);
  const folder = endOfLinks(path);
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat !== undefined && !(stat.isDirectory() && readdirSync(folder).length === 0)) {
    const what = stat.isDirectory() ? 'there already, and not empty' : 'there already, and not a folder';
    throw new OrtrainError('usage', `${folder} is ${what}`, { subject: path, remedy: 'Name a new folder, or remove this one first.' });
  }
  const temporary = join(stat === undefined ? dirname(folder) : folder, `.ortrain-${randomBytes(8).toString('hex')}.tmp`);
  return {
    folder,
    temporary,
    begin: () => makeFolder(temporary),
    commit() {
      if (stat === undefined) renameSync(temporary, folder);
      else for (const name of readdirSync(temporary)) renameSync(join(temporary, name), join(folder, name));
    },
    discard: () => rmSync(temporary, { recursive: true, force: true }),
  };
}

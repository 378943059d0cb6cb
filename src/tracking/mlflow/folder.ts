import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { isThere } from '../../core/files.ts';
import { sha256 } from '../../core/hash.ts';
import { fileInside, folderInside } from '../../core/inside.ts';
import { readSoundHistory, type RunStarted } from '../history.ts';
import { readJournalFrom } from '../journal.ts';

/** What a run's folder has for a server. */

/** Holds about a thousand entries of the journal. */
export const PART_BYTES = 256 * 1024;

/** Files that are made from the results, as often as somebody wants. */
export const MADE_LATE = /^(report\.html|figures\/)/;

/** Ours for the server's run: the start that the journal begins with happened only once. */
export function ownId(journal: string): string {
  const [first] = readJournalFrom(journal, 0, PART_BYTES).entries;
  return sha256(JSON.stringify(first));
}

/** The last time that the run was begun; it may not have been sent. */
export function latestStart(journal: string): RunStarted | undefined {
  return readSoundHistory(journal).started;
}

/** Files that are made from the results, after the run's end. */
export function lateFiles(folder: string): readonly string[] {
  const figures = lstatSync(folderInside(folder, 'figures'), { throwIfNoEntry: false });
  const drawn = figures === undefined ? [] : readdirSync(join(folder, 'figures')).map((name) => `figures/${name}`);
  return ['report.html', ...drawn].filter((file) => lstatSync(join(folder, file), { throwIfNoEntry: false })?.isFile() === true);
}

/** Where a file of the run is; undefined where it is not there any more, an error where it is no file, or lies elsewhere. */
export function sourceOf(folder: string, file: string): string | OrtrainError | undefined {
  try {
    const source = fileInside(folder, file);
    return isThere(source) ? source : undefined;
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
}

export function fileSize(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../core/hash.ts';
import { readJournalFrom } from '../journal.ts';

/** What a run's folder has for a server. */

/** Holds about a thousand entries of the journal. */
export const PART_BYTES = 256 * 1024;

/** Ours for the server's run: the start that the journal begins with happened only once. */
export function ownId(journal: string): string {
  const [first] = readJournalFrom(journal, 0, PART_BYTES).entries;
  return sha256(JSON.stringify(first));
}

/** Files that are made from the results, after the run's end. */
export function lateFiles(folder: string): readonly string[] {
  const figures = join(folder, 'figures');
  const drawn = existsSync(figures) ? readdirSync(figures).map((name) => `figures/${name}`) : [];
  return ['report.html', ...drawn].filter((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.isFile() === true);
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

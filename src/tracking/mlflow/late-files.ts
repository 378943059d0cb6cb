import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoint } from './checkpoint.ts';
import { pageOf } from './client/client.ts';
import { lateFiles, fileSize } from './folder.ts';
import type { TrackingServer } from './server.ts';

/**
 * Where a run is to be seen of which a server has everything, known without reading its journal; undefined where something may be missing.
 */
export function isUpToDate(folder: string, server: TrackingServer): { readonly page: string | null } | undefined {
  const { isSettled, offset, late, experiment, parent, runs } = readCheckpoint(folder, server);
  if (!isSettled || offset !== fileSize(join(folder, 'journal.jsonl')) || late !== looksOf(folder)) return undefined;
  return { page: experiment === null ? null : pageOf(server, experiment, parent ?? runs['experiment']) };
}

/** How the late files look from outside. */
export function looksOf(folder: string): string {
  return lateFiles(folder).map((file) => {
    const { size, mtimeMs, ctimeMs, ino } = lstatSync(join(folder, file));
    return [file, size, mtimeMs, ctimeMs, ino].join();
  }).join(' ');
}

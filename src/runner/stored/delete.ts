import { dirname, join, resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { readSoundHistory, workerOf } from '../../tracking/index.ts';
import { cacheContents, takeAway, type CacheItem } from '../cache/contents.ts';
import { folderSize } from '../cache/manifest.ts';
import { unlessDamaged } from './run-index.ts';
import { readRun, type StoredRun } from './runs.ts';

/** What goes when runs are deleted. */
export interface Deletion {
  readonly runs: readonly DeletedRun[];
  /** What no run but these uses in the cache. */
  readonly items: readonly CacheItem[];
}

export interface DeletedRun {
  readonly name: string;
  readonly folder: string;
  readonly bytes: number;
  readonly status: StoredRun['status'];
}

/**
 * What deleting runs would take away. Throws a usage error for a run that does not exist, lies outside the artifacts folder, or is at
 * work.
 */
export function deletionOf(artifacts: string, names: readonly string[]): Deletion {
  const stored = [...new Map(names.map((name) => readRun(artifacts, name)).map((run) => [run.folder, run])).values()];
  for (const run of stored) throwUnlessFree(run, resolve(artifacts, 'runs'));
  const going = new Set(stored.map(({ name }) => name));
  return {
    runs: stored.map(({ name, folder, status }) => ({ name, folder, status, bytes: folderSize(folder) })),
    items: cacheContents(artifacts).filter(({ runs, busy }) => runs.length > 0 && !busy && runs.every((run) => going.has(run))),
  };
}

/**
 * Each folder goes in one step, so that a crash leaves it whole or leaves what the next run clears away; then the items. Whatever has come
 * into use since it was shown stays: a run that is at work by now throws as `deletionOf` does, before anything is deleted.
 */
export function deleteRuns(artifacts: string, { runs, items }: Deletion): Promise<void> {
  return takeAway(artifacts, () => {
    const free = new Set(deletionOf(artifacts, runs.map(({ name }) => name)).items.map(({ folder }) => folder));
    return [...runs, ...items.filter(({ folder }) => free.has(folder))];
  });
}

function throwUnlessFree({ name, folder }: StoredRun, runs: string): void {
  if (dirname(folder) !== runs) {
    throw new OrtrainError('usage', `${folder} is not in ${runs}`, {
      subject: name,
      remedy: 'Name its artifacts folder with --artifacts.',
    });
  }
  const owner = unlessDamaged(() => workerOf(readSoundHistory(join(folder, 'journal.jsonl')), folder));
  if (owner !== undefined) {
    throw new OrtrainError('usage', `${name} is at work, in process ${owner.pid} on ${owner.host}`, {
      subject: name,
      remedy: 'Wait until it ends, or stop it there with Ctrl-C.',
    });
  }
}

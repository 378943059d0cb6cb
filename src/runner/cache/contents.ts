import { existsSync, lstatSync, readdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import { readJsonInput } from '../../core/inputs.ts';
import { fileInside } from '../../core/inside.ts';
import { object, record, text } from '../../core/shapes.ts';
import { signOf } from '../../core/lease.ts';
import { livingOwner } from '../../core/lock.ts';
import { lockOf, openCache } from './cache.ts';
import { readManifest, folderSize } from './manifest.ts';

/** Something in the cache. */
export interface CacheItem {
  /** A finished output, the checkpoints of an unfinished one, or a broken output that was set aside. */
  readonly kind: 'entry' | 'partial' | 'broken';
  readonly stage: string;
  readonly key: string;
  readonly fold: number | null;
  readonly folder: string;
  readonly bytes: number;
  /** ISO 8601; null for what is not finished. */
  readonly made: string | null;
  /** Names of the runs that refer to it. Broken outputs are no use to any. */
  readonly runs: readonly string[];
  /** True while a process makes it. */
  readonly busy: boolean;
}

/** Everything in the cache of an artifacts folder, by stage. Throws a usage error if a run does not say which entries it uses. */
export function cacheContents(artifacts: string): readonly CacheItem[] {
  const root = resolve(artifacts, 'cache');
  const users = usersByEntry(resolve(artifacts, 'runs'));
  const item = (place: CacheItem['kind'], stage: string, name: string): CacheItem => {
    const key = name.slice(0, KEY_LENGTH);
    const folder = join(root, ...(place === 'entry' ? [] : [place]), stage, name);
    const kind = lstatSync(folder).isDirectory() ? place : 'broken';
    const manifest = readManifest(folder);
    return {
      kind,
      stage,
      key,
      fold: manifest?.parts.fold ?? null,
      folder,
      bytes: folderSize(folder),
      made: manifest?.made ?? null,
      runs: kind === 'broken' ? [] : (users.get(`${stage}/${key}`) ?? []),
      busy: livingOwner(lockOf(artifacts, { stage, key }), (owner) => [signOf(resolve(artifacts), owner)]) !== undefined,
    };
  };
  const below = (kind: CacheItem['kind'], folder: string): readonly CacheItem[] =>
    foldersIn(folder)
      .filter((stage) => !OTHER_FOLDERS.includes(stage))
      .flatMap((stage) => entriesIn(join(folder, stage)).map((name) => item(kind, stage, name)));
  const found = [...below('entry', root), ...below('partial', join(root, 'partial')), ...below('broken', join(root, 'broken'))];
  return found.sort((a, b) => a.stage.localeCompare(b.stage) || (a.fold ?? 0) - (b.fold ?? 0));
}

/** What no run refers to and no process makes. */
export function unused(contents: readonly CacheItem[]): readonly CacheItem[] {
  return contents.filter(({ runs, busy }) => runs.length === 0 && !busy);
}

/** Removes those of the items that are still unused: a run may have come to need them since they were shown. Answers with them. */
export async function removeUnused(artifacts: string, items: readonly CacheItem[]): Promise<readonly CacheItem[]> {
  let going: readonly CacheItem[] = [];
  await takeAway(artifacts, () => {
    const free = new Set(unused(cacheContents(artifacts)).map(({ folder }) => folder));
    return (going = items.filter(({ folder }) => free.has(folder)));
  });
  return going;
}

/**
 * Removes folders, each in one step, so that a crash leaves it whole or leaves what the next run clears away. `choose` finds them while no
 * run can begin: one that begins afterwards does not see them any more.
 */
export async function takeAway(artifacts: string, choose: () => readonly { readonly folder: string }[]): Promise<void> {
  const cache = openCache(artifacts);
  try {
    const away = cache.begin();
    const lock = await cache.lockRuns();
    try {
      for (const [i, { folder }] of choose().entries()) if (existsSync(folder)) renameSync(folder, join(away, String(i)));
    } finally {
      lock.release();
    }
    cache.discard(away);
  } finally {
    cache.close();
  }
}

/** SHA-256 in hex. */
const KEY_LENGTH = 64;

/** Beside the stages. */
const OTHER_FOLDERS: readonly string[] = ['tmp', 'locks', 'partial', 'broken'];

/** `<stage>/<key>` to the names of the runs that have it in their environment.json. */
function usersByEntry(runsFolder: string): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const run of foldersIn(runsFolder)) {
    for (const entry of entriesOf(join(runsFolder, run))) {
      const runs = users.get(entry);
      if (runs === undefined) users.set(entry, [run]);
      else runs.push(run);
    }
  }
  return users;
}

function entriesOf(run: string): readonly string[] {
  const path = join(run, 'environment.json');
  try {
    return Object.values(readJsonInput(fileInside(run, 'environment.json'), object({ entries: record(text) })).entries);
  } catch (cause) {
    throw new OrtrainError('usage', `${path} does not say which cache entries its run uses`, {
      subject: path,
      remedy: 'Run it again, which costs nothing if the cache is complete, or move its folder away.',
      cause,
    });
  }
}

/** Folders, and what else has the name of an entry. */
function entriesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() || /^[0-9a-f]{64}/.test(entry.name) ? [entry.name] : [],
  );
}

function foldersIn(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    : [];
}

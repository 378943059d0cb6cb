import { lstatSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { contentHash } from '../core/content.ts';
import { interrupted, OrtrainError, type Problem } from '../core/errors.ts';
import { isThere } from '../core/files.ts';
import { kindOf } from '../core/inputs.ts';
import { readSoundHistory, type RecordedFile, type RunHistory } from './history.ts';

/** What the journal of a run says of the files in its folder, by their paths there, with slashes. Lines that are none are left out. */
export function recordedFiles(folder: string): RunHistory['files'] {
  const journal = join(folder, 'journal.jsonl');
  return isThere(journal) ? readSoundHistory(journal).files : new Map();
}

/** `throwIfChanged` for those of the paths that the run's journal knows: its last lines may have been lost with a crash. */
export async function throwIfResultsChanged(folder: string, paths: readonly string[], recorded = recordedFiles(folder)): Promise<void> {
  await throwIfChanged(folder, paths.filter((path) => recorded.has(path)), recorded);
}

/**
 * Throws a `data` error that names each of a run's files that is not what the run left there, or, where `paths` names it, that its
 * journal does not know. Reads the files.
 */
export async function throwIfChanged(
  folder: string,
  paths: readonly string[],
  recorded: ReadonlyMap<string, RecordedFile>,
  signal?: AbortSignal,
): Promise<void> {
  const problems: Problem[] = [];
  for (const path of paths) {
    if (signal?.aborted === true) throw interrupted();
    const problem = await whatIsWrong(join(folder, path), recorded.get(path));
    if (problem !== undefined) problems.push({ message: problem, file: join(folder, path) });
  }
  const [first] = problems;
  if (first === undefined) return;
  const artifacts = resolve(folder, '..', '..');
  throw new OrtrainError('data', `${first.file} ${first.message}`, {
    subject: first.file ?? folder,
    problems: problems.length === 1 ? [] : problems,
    remedy:
      'Restore the run; only the outputs missing from the cache are made again: pipeline run ' +
      `${join(folder, 'config.yaml')}${artifacts === resolve('artifacts') ? '' : ` --artifacts ${artifacts}`}`,
  });
}

/** A sentence without its subject; undefined for a file that is as its run left it. */
export async function whatIsWrong(path: string, recorded: RecordedFile | undefined): Promise<string | undefined> {
  if (recorded === undefined) return 'is not in the journal of the run, so it cannot be verified';
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'is missing';
  const kind = kindOf(stats);
  if (kind !== undefined) return `is ${kind}`;
  if (stats.size !== recorded.bytes) return `has ${stats.size} bytes, and had ${recorded.bytes} when the run wrote it`;
  return (await contentHash(path)) === recorded.sha256 ? undefined : 'was changed after the run wrote it';
}

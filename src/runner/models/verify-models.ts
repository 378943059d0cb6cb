import { join, relative } from 'node:path';
import { presentFiles } from '../../data/hub/index.ts';
import { recordedFiles, throwIfChanged } from '../../tracking/index.ts';
import type { StoredRun } from '../stored/runs.ts';

/**
 * Throws a `data` error where a file of a run's models is not as the run left it, and where one of them is there that the run did
 * not make.
 *
 * @param models their folders
 * @param which `all`: there may be no other; a model that the run made and that has gone is named, too
 */
export async function verifyModels(
  { folder }: StoredRun,
  models: readonly string[],
  which: 'all' | 'these',
  signal?: AbortSignal,
): Promise<void> {
  const recorded = recordedFiles(folder);
  const folders = models.map((model) => relative(folder, model).replaceAll('\\', '/'));
  const isAsked = (path: string): boolean =>
    which === 'all' ? path.startsWith('models/') : folders.some((model) => path.startsWith(`${model}/`));
  const read = folders.flatMap((model) => presentFiles(join(folder, model)).map((name) => `${model}/${name}`));
  await throwIfChanged(folder, [...new Set([...[...recorded.keys()].filter(isAsked), ...read])], recorded, signal);
}

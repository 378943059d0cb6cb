import { basename, dirname } from 'node:path';
import { environment } from '../../core/environment.ts';
import { readJsonInput } from '../../core/inputs.ts';
import { fileInside } from '../../core/inside.ts';
import { isThere } from '../../core/files.ts';
import { openExamples, type StoredExamples } from '../../tasks/index.ts';
import { openCache } from '../cache/cache.ts';

/**
 * The rows of a run as its stage `examples` has decoded them; undefined where the cache no longer has that output as it was made, or the
 * run is of a version without that stage.
 */
export async function runExamples(folder: string): Promise<StoredExamples | undefined> {
  const path = fileInside(folder, 'environment.json');
  if (!isThere(path) || basename(dirname(folder)) !== 'runs') return undefined;
  const [stage, key] = readJsonInput(path, environment).entries['examples']?.split('/') ?? [];
  if (stage === undefined || key === undefined) return undefined;
  const cache = openCache(dirname(dirname(folder)));
  const entry = { stage, key, files: [] };
  return (await cache.inspect(entry)).kind === 'sound' ? openExamples(cache.entry(entry)) : undefined;
}

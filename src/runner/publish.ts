import { statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { contentHash } from '../core/content.ts';
import type { RunEvent } from '../core/events.ts';
import { placeFile } from '../core/files.ts';
import { modelName } from '../core/model-name.ts';
import { filesUnder } from './cache/manifest.ts';
import type { Job } from './jobs/job-graph.ts';
import type { RunPlace } from './run-place.ts';

/**
 * Puts the output of a finished job where a person looks for it; answers with the paths in the run folder, and with the files in
 * them by the names that the job gave: another process that carries the same experiment out may be writing beside them.
 */
export function publish(job: Job, folder: string): readonly { readonly path: string; readonly files: readonly string[] }[] {
  return Object.entries(job.stage.publishes).map(([from, to]) => {
    if (job.fold === undefined && to.includes('{fold}')) throw new Error(`the job ${job.id} publishes a fold's files and is of no fold`);
    const name = job.fold === undefined ? '' : modelName({ fold: job.fold, seed: job.seed });
    const path = join(folder, to.replace('{fold}', name).replace('{all}', modelName({ fold: 'all', seed: job.seed })));
    const files = filesUnder(job.output, from).map((name) => {
      const target = join(path, name.slice(from.length));
      placeFile(join(job.output, name), target);
      return target;
    });
    return { path, files };
  });
}

/** The event that says that a file is in the run's folder. */
export async function artifactEvent(path: string, { run, folder }: RunPlace): Promise<Extract<RunEvent, { type: 'artifact' }>> {
  const inFolder = relative(folder, path).replaceAll('\\', '/');
  return { type: 'artifact', run, path: inFolder, bytes: statSync(path).size, sha256: await contentHash(path) };
}

import { join } from 'node:path';
import { placeFile } from '../core/files.ts';
import { filesUnder } from './cache/manifest.ts';
import type { Task } from './jobs/task-graph.ts';

/**
 * Puts the output of a finished task where a person looks for it; answers with the paths in the run folder, and with the files in
 * them by the names that the task gave: another process that carries the same experiment out may be writing beside them.
 */
export function publish(task: Task, folder: string): readonly { readonly path: string; readonly files: readonly string[] }[] {
  return Object.entries(task.stage.publishes).map(([from, to]) => {
    const path = join(folder, to.replace('{fold}', String(task.fold ?? 0)));
    const files = filesUnder(task.output, from).map((name) => {
      const target = join(path, name.slice(from.length));
      placeFile(join(task.output, name), target);
      return target;
    });
    return { path, files };
  });
}

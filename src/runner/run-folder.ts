import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { toYaml, type Experiment } from '../config/index.ts';
import type { Environment } from '../core/environment.ts';
import { isThere, placeFile, removeLeftovers, writeFileAtomic, writeJsonAtomic } from '../core/files.ts';
import { fileInside, folderInside } from '../core/inside.ts';
import { filesUnder } from './cache/manifest.ts';
import type { PreparedRun } from './prepare.ts';
import type { RunPlace } from './run-place.ts';
import type { Task } from './jobs/task-graph.ts';

/**
 * Opens the run's folder with what is known before the first task. A new one comes into being complete, by a rename that only
 * one process can win, so that two which start the same experiment at the same moment share a folder.
 */
export function claimRunFolder({ place, experiment, cache }: PreparedRun, surroundings: Environment): RunPlace {
  for (;;) {
    const { run, folder } = place();
    if (isThere(folder)) {
      throwUnlessOurs(folder);
      removeLeftovers(folder, cache.signs);
      describeRun(folder, experiment, surroundings);
      return { run, folder };
    }
    const temporary = cache.begin();
    describeRun(temporary, experiment, surroundings);
    mkdirSync(dirname(folder), { recursive: true });
    if (renamed(temporary, folder)) return { run, folder };
  }
}

function describeRun(folder: string, experiment: Experiment, surroundings: Environment): void {
  writeFileAtomic(join(folder, 'config.yaml'), toYaml(experiment));
  writeJsonAtomic(join(folder, 'environment.json'), surroundings);
}

/** False where another process has put a folder there in the meantime. */
function renamed(temporary: string, folder: string): boolean {
  try {
    renameSync(temporary, folder);
    return true;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!isThere(folder)) throw error;
    return false;
  }
}

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

const FILES = [
  'config.yaml',
  'environment.json',
  'journal.jsonl',
  'findings.json',
  'folds.csv',
  'metrics.json',
  'oof.csv',
  'predictions.csv',
  'submission.csv',
  'report.html',
];
const FOLDERS = ['figures', 'models', 'mlflow'];

/** Throws before anything is trained where one of the places that a run writes to is a link, or no file or folder. */
function throwUnlessOurs(folder: string): void {
  folderInside(dirname(folder), basename(folder));
  for (const name of FILES) fileInside(folder, name);
  for (const name of FOLDERS) folderInside(folder, name);
  if (isThere(join(folder, 'models'))) for (const name of readdirSync(join(folder, 'models'))) folderInside(folder, `models/${name}`);
}

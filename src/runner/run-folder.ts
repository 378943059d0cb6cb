import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { toYaml, type Experiment } from '../config/index.ts';
import type { Environment } from '../core/environment.ts';
import { isThere, removeLeftovers, writeFileAtomic, writeJsonAtomic } from '../core/files.ts';
import { fileInside, folderInside } from '../core/inside.ts';
import type { PreparedRun } from './prepare.ts';
import type { RunPlace } from './run-place.ts';

/**
 * Opens the run's folder with what is known before the first job. A new one comes into being complete, by a rename that only
 * one process can win, so that two which start the same experiment at the same moment share a folder.
 */
export function claimRunFolder({ place, experiment, cache }: PreparedRun, environment: Environment): RunPlace {
  for (;;) {
    const { run, folder } = place();
    if (isThere(folder)) {
      throwUnlessOurs(folder);
      removeLeftovers(folder, cache.signs);
      describeRun(folder, experiment, environment);
      return { run, folder };
    }
    const temporary = cache.begin();
    describeRun(temporary, experiment, environment);
    mkdirSync(dirname(folder), { recursive: true });
    if (renamed(temporary, folder)) return { run, folder };
  }
}

function describeRun(folder: string, experiment: Experiment, environment: Environment): void {
  writeFileAtomic(join(folder, 'config.yaml'), toYaml(experiment));
  writeJsonAtomic(join(folder, 'environment.json'), environment);
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

import { basename, dirname, resolve } from 'node:path';
import { readExperiment, toYaml, type Experiment } from '../config/index.ts';
import { isThere } from '../core/files.ts';
import { readJsonInput } from '../core/inputs.ts';
import { fileInside, folderInside } from '../core/inside.ts';
import { object, record, text } from '../core/shapes.ts';

export interface RunPlace {
  readonly run: string;
  readonly folder: string;
}

/**
 * The folder of a run: its experiment's `<name>` where it is free or holds the same experiment on the same data, otherwise the first of
 * `<name>-2`, `<name>-3`, … for which that is so.
 */
export function runFolderFor(artifacts: string, experiment: Experiment, data: Readonly<Record<string, string>>): RunPlace {
  for (let number = 1; ; number += 1) {
    const run = number === 1 ? experiment.name : `${experiment.name}-${number}`;
    const folder = resolve(artifacts, 'runs', run);
    if (!isThere(folder) || holdsSame(folder, experiment, data)) return { run, folder };
  }
}

/** Throws where the folder, or one of these files, is a link or something else that no run of ours has made. */
function holdsSame(folder: string, experiment: Experiment, data: Readonly<Record<string, string>>): boolean {
  folderInside(dirname(folder), basename(folder));
  const [config, environment] = ['config.yaml', 'environment.json'].map((name) => fileInside(folder, name)) as [string, string];
  try {
    const before = readJsonInput(environment, object({ data: record(text) }));
    const contents = (files: Readonly<Record<string, string>>): string => Object.values(files).sort().join();
    // An earlier version's file lacks the keys that have come since; their defaults are what it meant.
    return toYaml(readExperiment(config)) === toYaml(experiment) && contents(before.data) === contents(data);
  } catch {
    return false;
  }
}

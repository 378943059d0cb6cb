import { basename, join, resolve } from 'node:path';
import { statsOf } from '../core/inputs.ts';
import { withVariables, type Variables } from '../core/variables.ts';

/** Where a function of the package works, and what it may read besides what it is given. */
export interface Surroundings {
  /** Folder of the runs and the cache. `artifacts` where it is left out. */
  readonly artifacts?: string;
  /**
   * Folder that relative paths start at, also those in an experiment. Where it is left out they are relative to the working directory of
   * the process, as everywhere in Node.
   */
  readonly cwd?: string;
  /**
   * Variables that settings are read from: those of Hugging Face (`HF_HOME`, `HF_TOKEN`, …) and of MLflow (`MLFLOW_TRACKING_URI`, …).
   * None are read where it is left out; `process.env` reads those of the process.
   */
  readonly env?: Variables;
}

/** The folder of the runs. */
export function artifactsOf({ artifacts = 'artifacts', cwd }: Surroundings): string {
  return pathIn(cwd, artifacts);
}

/** A path as the file system takes it. */
export function pathIn(cwd: string | undefined, path: string): string {
  return cwd === undefined ? path : resolve(cwd, path);
}

/** A run or a model as it is named: the name of a run, or of a model on the hub, as it is; a path as the file system takes it. */
export function modelIn(surroundings: Surroundings, name: string): string {
  const path = pathIn(surroundings.cwd, name);
  const isRun = basename(name) === name && statsOf(join(artifactsOf(surroundings), 'runs', name)) !== undefined;
  return isRun || statsOf(path) === undefined ? name : path;
}

/** Does a piece of work with the variables that it may read. */
export function within<T>({ env = {} }: Surroundings, work: () => T): T {
  return withVariables(env, work);
}

import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { isHubName } from '../core/hub-name.ts';
import { notAFile } from '../core/inputs.ts';
import type { LoadedExperiment } from './load.ts';
import { loadPipeline } from './pipeline.ts';
import { nearFile } from './read-file.ts';

/**
 * Throws a `config` error that shows every path of the configuration that leads nowhere, and what is wrong in its pipeline's file.
 * Paths are relative to the working directory.
 */
export function requireFiles(loaded: LoadedExperiment): void {
  const missing = missingFiles(loaded);
  const pipeline = pipelineError(loaded);
  if (missing.length === 0 && pipeline !== undefined) throw pipeline;
  if (missing.length === 0) return;
  const problems = [...missing, ...(pipeline?.problems ?? [])];
  throw new OrtrainError('config', problems.length === 1 ? 'a file of the configuration is not there' : `the files of the configuration have ${problems.length} problems`, {
    problems,
    ...(loaded.files[0] === undefined ? {} : { subject: loaded.files[0] }),
    remedy: `Paths are relative to the working directory, ${process.cwd()}.`,
  });
}

function pipelineError({ experiment, sources }: LoadedExperiment): OrtrainError | undefined {
  try {
    loadPipeline(experiment.pipeline, sources['pipeline']);
    return undefined;
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
}

function missingFiles({ experiment, sources }: LoadedExperiment): readonly Problem[] {
  const { data, model } = experiment;
  const named = [
    { field: 'data.train', path: data.train },
    { field: 'data.test', path: data.test },
    { field: 'data.sample_submission', path: data.sample_submission },
    { field: 'model.base', path: isOnHub(model.base) ? null : model.base },
  ];
  return named.flatMap(({ field, path }): readonly Problem[] => {
    const wrong = path === null ? undefined : field === 'model.base' ? whyNoFolder(path) : whyNoFile(path);
    if (path === null || wrong === undefined) return [];
    const near = existsSync(path) ? undefined : nearFile(path);
    const source = sources[field];
    const message = `${field}: ${path} ${wrong}`;
    return [{ message, ...(source === 'default' ? {} : source), field, ...(near === undefined ? {} : { suggestion: near }) }];
  });
}

/** A name that could be either is a path where what it begins with is a folder here. */
function isOnHub(base: string): boolean {
  return isHubName(base) && !existsSync(base) && !beginsWithFolder(base);
}

function beginsWithFolder(path: string): boolean {
  return path.includes('/') && statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() === true;
}

function whyNoFolder(path: string): string | undefined {
  if (!existsSync(path)) return isHubName(path) ? `does not exist, and is no name on the hub, because there is a folder ${dirname(path)}` : 'does not exist';
  return statSync(path).isDirectory() ? undefined : 'is no folder';
}

function whyNoFile(path: string): string | undefined {
  if (!existsSync(path)) return 'does not exist';
  if (statSync(path).isDirectory()) return 'is a folder';
  const kind = notAFile(path);
  return kind === undefined ? undefined : `is ${kind}`;
}

import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { isThere } from '../core/files.ts';
import { isHubName } from '../core/hub-name.ts';
import { notAFile, statsOf } from '../core/inputs.ts';
import type { LoadedExperiment } from './load.ts';
import { loadPipeline } from './pipeline.ts';
import { nearFile, whyMisread } from './yaml/read-file.ts';
import { pathOf } from './tables.ts';

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
  throw new OrtrainError(
    'config',
    `the configuration names ${problems.length === 1 ? 'a file' : `${problems.length} files`} that cannot be used`,
    {
      problems,
      ...(loaded.files[0] === undefined ? {} : { subject: loaded.files[0] }),
      remedy: remedyFor(loaded, missing),
    },
  );
}

/** A path that cannot be meant as it stands has a remedy of its own. */
function remedyFor({ experiment }: LoadedExperiment, missing: readonly Problem[]): string {
  const paths = namedPaths(experiment)
    .filter(({ field, path }) => path !== null && missing.some((problem) => problem.field === field))
    .map(({ path }) => path!);
  const special = [
    ...(paths.some(isAddress) ? ['Download the file and give its path.'] : []),
    ...(paths.some(isInHome) ? ['Write out the home folder: only a shell expands ~.'] : []),
    ...(missing.some(({ message }) => message.endsWith(' is a folder')) ? ['Name a file in the folder.'] : []),
  ];
  const isRelative =
    paths.length === 0 || paths.some((path) => !isAbsolute(path) && !isAddress(path) && !isInHome(path) && !existsSync(path));
  if (isRelative || special.length === 0) special.push(`Paths are relative to the working directory, ${process.cwd()}.`);
  return special.join(' ');
}

const isAddress = (path: string): boolean => /^[a-z][a-z\d+.-]+:\/\//i.test(path);
const isInHome = (path: string): boolean => /^~[\\/]/.test(path);

function pipelineError({ experiment, sources }: LoadedExperiment): OrtrainError | undefined {
  try {
    loadPipeline(experiment.pipeline, sources['pipeline']);
    return undefined;
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
}

function namedPaths({ data, model }: LoadedExperiment['experiment']): readonly { readonly field: string; readonly path: string | null }[] {
  return [
    ...(['train', 'validation', 'test', 'sample_submission'] as const).map((key) => ({
      field: typeof data[key] === 'object' && data[key] !== null ? `data.${key}.path` : `data.${key}`,
      path: pathOf(data[key]),
    })),
    { field: 'model.base', path: isOnHub(model.base) ? null : model.base },
  ];
}

function missingFiles({ experiment, sources }: LoadedExperiment): readonly Problem[] {
  return namedPaths(experiment).flatMap(({ field, path }): readonly Problem[] => {
    const wrong = path === null ? undefined : field === 'model.base' ? whyNoFolder(path) : whyNoFile(path);
    if (path === null || wrong === undefined) return [];
    const misread = isThere(path) ? undefined : whyMisread(path);
    const near = isThere(path) ? undefined : (misread?.suggestion ?? withSlashes(path) ?? inHome(path) ?? nearFile(path));
    const source = sources[field];
    const message = `${field}: ${misread === undefined ? `${path} ${wrong}` : `the path ${JSON.stringify(path)} ${misread.reason}`}`;
    return [{ message, ...(source === 'default' ? {} : source), field, ...(near === undefined ? {} : { suggestion: near }) }];
  });
}

/** The path with slashes for backslashes, where that leads somewhere. */
function withSlashes(path: string): string | undefined {
  const slashed = path.replaceAll('\\', '/');
  return slashed !== path && existsSync(slashed) ? slashed : undefined;
}

/** The path with the home folder for ~, where that leads somewhere. */
function inHome(path: string): string | undefined {
  const whole = isInHome(path) ? join(homedir(), path.slice(2)) : undefined;
  return whole !== undefined && existsSync(whole) ? whole : undefined;
}

/** A name that could be either is a path where what it begins with is a folder here. */
function isOnHub(base: string): boolean {
  return isHubName(base) && !existsSync(base) && !beginsWithFolder(base);
}

function beginsWithFolder(path: string): boolean {
  return path.includes('/') && statsOf(dirname(path))?.isDirectory() === true;
}

const NOWHERE = 'is a broken link';

function whyNoFolder(path: string): string | undefined {
  if (!existsSync(path) && isThere(path)) return NOWHERE;
  if (!existsSync(path))
    return `does not exist${isHubName(path) ? `; it cannot be a name on the hub, because the folder ${dirname(path)} exists` : ''}`;
  return statSync(path).isDirectory() ? undefined : 'is not a folder';
}

function whyNoFile(path: string): string | undefined {
  if (!existsSync(path)) return isThere(path) ? NOWHERE : 'does not exist';
  if (statSync(path).isDirectory()) return 'is a folder';
  const kind = notAFile(path);
  return kind === undefined ? undefined : `is ${kind}`;
}

import { existsSync, statSync } from 'node:fs';
import { OrtrainError, type Problem } from '../core/errors.ts';
import type { LoadedExperiment } from './load.ts';
import { nearFile } from './read-file.ts';

/** Throws a `config` error that shows every path of the configuration that leads nowhere. Paths are relative to the working directory. */
export function requireFiles({ experiment, sources, files }: LoadedExperiment): void {
  const { data, model } = experiment;
  const named = [
    { field: 'data.train', path: data.train },
    { field: 'data.test', path: data.test },
    { field: 'data.sample_submission', path: data.sample_submission },
    // Every other name is one on the hub.
    { field: 'model.base', path: /^(\.{0,2}\/|[A-Za-z]:[\\/])/.test(model.base) ? model.base : null },
  ];
  const problems = named.flatMap(({ field, path }): readonly Problem[] => {
    const folder = field === 'model.base';
    if (path === null || (existsSync(path) && statSync(path).isDirectory() === folder)) return [];
    const near = existsSync(path) ? undefined : nearFile(path);
    const source = sources[field];
    const message = `${field}: ${path} ${existsSync(path) ? `is ${folder ? 'no' : 'a'} folder` : 'does not exist'}`;
    return [{ message, ...(source === 'default' ? {} : source), field, ...(near === undefined ? {} : { suggestion: near }) }];
  });
  if (problems.length === 0) return;
  throw new OrtrainError('config', problems.length === 1 ? 'a file of the configuration is not there' : `${problems.length} files of the configuration are not there`, {
    problems,
    ...(files[0] === undefined ? {} : { subject: files[0] }),
    remedy: `Paths are relative to the working directory, ${process.cwd()}.`,
  });
}

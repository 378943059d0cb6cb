import { isSweep, loadExperiment, loadSweep, requireFiles, type LoadedExperiment, type LoadOptions } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { requireStages } from '../runner/index.ts';

/** Reads configurations and looks whether their files are there. Throws one error with the problems of all of them. */
export function loadExperiments(files: readonly string[], options: LoadOptions): readonly LoadedExperiment[] {
  if (options.name !== undefined && files.length > 1) {
    throw new OrtrainError('usage', `--name ${options.name} would name ${files.length} runs`, { remedy: 'Give it with one configuration, or leave it out: each run takes the name of its configuration.' });
  }
  const outcomes = files.map((file) => attempt(file, options));
  const loaded = outcomes.filter((outcome): outcome is LoadedExperiment => !(outcome instanceof OrtrainError));
  const errors = outcomes.filter((outcome): outcome is OrtrainError => outcome instanceof OrtrainError);
  const [first] = errors;
  if (first === undefined) return loaded;
  if (errors.length === 1) throw first;
  throw new OrtrainError(first.code, `${errors.length} of ${files.length} configurations cannot be used`, {
    problems: withoutRepeats(errors.flatMap((error) => (error.problems.length > 0 ? error.problems : [{ message: error.message }]))),
    ...(first.remedy === undefined ? {} : { remedy: first.remedy }),
  });
}

/** Those of the configurations, and the members of the sweeps, in the order of the files. */
export function loadWithSweeps(files: readonly string[], name: string | undefined, set: readonly string[]): readonly LoadedExperiment[] {
  if (!files.some(isSweep)) return loadExperiments(files, { set, name });
  if (name !== undefined) {
    throw new OrtrainError('usage', `--name ${name} would name every run of a sweep`, { remedy: 'Leave it out: a member is named by its values.' });
  }
  return files.flatMap((file) => {
    if (!isSweep(file)) return loadExperiments([file], { set });
    const members = loadSweep(file, set).members.map(({ loaded }) => loaded);
    for (const loaded of members) requireReferences(loaded);
    return members;
  });
}

function attempt(file: string, options: LoadOptions): LoadedExperiment | OrtrainError {
  try {
    const loaded = loadExperiment(file, options);
    requireReferences(loaded);
    return loaded;
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
}

/** Throws where a file that an experiment names is not there, or its pipeline cannot be gone through. */
export function requireReferences(loaded: LoadedExperiment): void {
  requireFiles(loaded);
  requireStages(loaded);
}

/** A mistake in a shared layer or in an override would be told once for each configuration. */
function withoutRepeats<T>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

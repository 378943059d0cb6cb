import {
  asSettings,
  isSweep,
  loadExperiment,
  loadSweep,
  requireFiles,
  type Experiment,
  type ExperimentConfig,
  type LoadedExperiment,
  type LoadOptions,
  type Sweep,
} from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { requireStages } from './jobs/planned-stages.ts';

/** Reads configurations and checks that the files they name exist. Throws one error with the problems of all of them. */
export function loadExperiments(files: readonly ExperimentSource[], options: PlacedOptions): readonly LoadedExperiment[] {
  if (options.name !== undefined && files.length > 1) {
    throw new OrtrainError('usage', `--name ${options.name} would name ${files.length} runs`, {
      remedy: 'Give it with one configuration, or leave it out: each run takes the name of its configuration.',
    });
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
export function loadWithSweeps(
  files: readonly ExperimentSource[],
  { name, set = [], ...options }: PlacedOptions,
): readonly LoadedExperiment[] {
  const isFileOfSweep = (file: ExperimentSource): file is string => typeof file === 'string' && isSweep(file);
  if (!files.some(isFileOfSweep)) return loadExperiments(files, { set, name, ...options });
  if (name !== undefined) {
    throw new OrtrainError('usage', `--name ${name} would name every run of a sweep`, {
      remedy: 'Leave it out: a member is named by its values.',
    });
  }
  return files.flatMap((file) =>
    isFileOfSweep(file)
      ? loadRunnableSweep(file, asSettings(set)).members.map(({ loaded }) => loaded)
      : loadExperiments([file], { set, ...options }),
  );
}

/** Reads a sweep and checks that the files its experiments name exist. */
export function loadRunnableSweep(file: string, set: readonly string[]): Sweep {
  const sweep = loadSweep(file, set);
  for (const { loaded } of sweep.members) requireReferences(loaded);
  return sweep;
}

type ExperimentSource = string | ExperimentConfig;

export interface PlacedOptions extends LoadOptions {
  /** What is made of the paths of an experiment before they are looked at. */
  readonly place?: (experiment: Experiment) => Experiment;
}

function attempt(file: ExperimentSource, { place = (same) => same, ...options }: PlacedOptions): LoadedExperiment | OrtrainError {
  try {
    const read = loadExperiment(file, options);
    const loaded = { ...read, experiment: place(read.experiment) };
    requireReferences(loaded);
    return loaded;
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
}

/** Throws where a file that an experiment names does not exist, or its pipeline cannot run. */
function requireReferences(loaded: LoadedExperiment): void {
  requireFiles(loaded);
  requireStages(loaded);
}

/** A mistake in a shared layer or in an override would be reported once for each configuration. */
function withoutRepeats<T>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

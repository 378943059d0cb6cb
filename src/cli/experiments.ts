import { loadExperiment, requireFiles, type LoadedExperiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';

/** Reads configurations and looks whether their files are there. Throws one error with the problems of all of them. */
export function loadExperiments(files: readonly string[], set: readonly string[]): readonly LoadedExperiment[] {
  const outcomes = files.map((file) => attempt(file, set));
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

function attempt(file: string, set: readonly string[]): LoadedExperiment | OrtrainError {
  try {
    const loaded = loadExperiment(file, { set });
    requireFiles(loaded);
    return loaded;
  } catch (error) {
    if (error instanceof OrtrainError) return error;
    throw error;
  }
}

/** A mistake in a shared layer or in an override would be told once for each configuration. */
function withoutRepeats<T>(values: readonly T[]): readonly T[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

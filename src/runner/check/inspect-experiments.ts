import type { Experiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import type { Finding } from '../../data/findings/index.ts';
import { inspectExperiment } from './aside.ts';
import type { DataSizes } from './data.ts';

/** What is known of an experiment's data once they have been read. */
export type InspectedExperiment = DataSizes & { readonly findings: readonly Finding[] };

/** Inspects all experiments. Throws one error with the problems of all that cannot run. */
export async function inspectExperiments(experiments: readonly Experiment[]): Promise<readonly InspectedExperiment[]> {
  const errors: OrtrainError[] = [];
  const inspected: InspectedExperiment[] = [];
  for (const experiment of experiments) {
    try {
      const { sizes, findings } = await inspectExperiment(experiment);
      inspected.push({ ...sizes, findings });
    } catch (error) {
      if (!(error instanceof OrtrainError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length > 0) throw together(errors);
  return inspected;
}

/** Experiments often share their data; the same problem is reported once. */
function together(errors: readonly OrtrainError[]): OrtrainError {
  const different = [...new Map(errors.map((error) => [JSON.stringify([error.message, error.problems]), error])).values()];
  const [first] = different;
  if (different.length === 1 && first !== undefined) return first;
  const problems = different.flatMap((error) => (error.problems.length > 0 ? error.problems : [{ message: error.message }]));
  return new OrtrainError('data', `${different.length} experiments have problems with their data`, {
    problems,
    ...(first?.remedy === undefined ? {} : { remedy: first.remedy }),
  });
}

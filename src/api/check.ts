import type { InspectedExperiment } from '../runner/check/index.ts';
import { loaded, type ExperimentOptions, type ExperimentSource } from './experiments.ts';
import { within } from './surroundings.ts';

/**
 * Finds everything that is wrong with an experiment, its tables and a model that is a directory or in the cache, and what is worth knowing
 * about the data: repeated and contradicting texts, leaks, rare classes, cut texts. Uses no device and writes nothing.
 *
 * Throws OrtrainError `config` or `data` with all problems, each with its place.
 */
export async function check(experiment: ExperimentSource, options: ExperimentOptions = {}): Promise<InspectedExperiment> {
  const [first] = await checkAll([experiment], options);
  if (first === undefined) throw new Error('there is nothing to say of the experiment');
  return first;
}

/** `check` of several experiments: one error has the problems of all. */
export function checkAll(
  experiments: readonly ExperimentSource[],
  options: ExperimentOptions = {},
): Promise<readonly InspectedExperiment[]> {
  return within(options, async () => {
    const ready = await loaded(experiments, options);
    const { inspectExperiments } = await import('../runner/check/index.ts');
    return inspectExperiments(ready.map(({ experiment }) => experiment));
  });
}

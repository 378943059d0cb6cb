import { resolve } from 'node:path';
import { isPipelineName, type Experiment, type ExperimentConfig, type LoadedExperiment, type Overrides } from '../config/index.ts';
import { isHubName } from '../core/hub-name.ts';
import { statsOf } from '../core/inputs.ts';
import { checkOverrides } from './arguments.ts';
import { pathIn, type Surroundings } from './surroundings.ts';

/** An experiment: the path of a YAML file, or an object with the same keys. */
export type ExperimentSource = string | ExperimentConfig;

export interface ExperimentOptions extends Surroundings {
  /** What differs from the experiment: an object that is laid over it, or `key=value` texts as the option `--set` takes them. */
  readonly overrides?: Overrides;
}

/**
 * An experiment as an object, checked and completed by the editor. Answers the same object.
 *
 * @example
 * const experiment = defineExperiment({
 *   name: 'messages',
 *   data: { train: 'train.csv', text: 'text', target: 'label' },
 *   model: { base: 'sentence-transformers/all-MiniLM-L6-v2' },
 * });
 */
export function defineExperiment(experiment: ExperimentConfig): ExperimentConfig {
  return experiment;
}

/** Loads experiments as `loadExperiments` does, with their paths in the folder that relative ones start at. */
export async function loaded(
  sources: readonly ExperimentSource[],
  { overrides = [], name, cwd }: ExperimentOptions & { readonly name?: string | undefined },
): Promise<readonly LoadedExperiment[]> {
  checkOverrides(overrides);
  const { loadExperiments } = await import('../runner/load-experiments.ts');
  const placed = sources.map((source) => placedSource(source, cwd));
  const place = cwd === undefined ? {} : { place: (experiment: Experiment) => placedIn(cwd, experiment) };
  return loadExperiments(placed, { set: overrides, name, ...place });
}

/** What it extends is found in the folder, too. */
export function placedSource(source: ExperimentSource, cwd: string | undefined): ExperimentSource {
  if (cwd === undefined) return source;
  if (typeof source === 'string') return pathIn(cwd, source);
  const bases = [source.extends ?? []].flat();
  return bases.length === 0 ? source : { ...source, extends: bases.map((base) => pathIn(cwd, base)) };
}

/** The experiment with every path absolute. */
export function placedIn(cwd: string, experiment: Experiment): Experiment {
  const at = <T extends { readonly path: string }>(table: string | T): string | T =>
    typeof table === 'string' ? resolve(cwd, table) : { ...table, path: resolve(cwd, table.path) };
  const ifAny = <T extends { readonly path: string }>(table: string | T | null): string | T | null => (table === null ? null : at(table));
  const { data, model, pipeline } = experiment;
  const isFolder = !isHubName(model.base) || statsOf(resolve(cwd, model.base))?.isDirectory() === true;
  return {
    ...experiment,
    pipeline: isPipelineName(pipeline) ? pipeline : resolve(cwd, pipeline),
    data: {
      ...data,
      train: at(data.train),
      validation: ifAny(data.validation),
      test: ifAny(data.test),
      sample_submission: ifAny(data.sample_submission),
    },
    model: { ...model, base: isFolder ? resolve(cwd, model.base) : model.base },
  };
}

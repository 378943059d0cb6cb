import { leafValues } from '../core/leaf-values.ts';
import { experimentDefinition, type Experiment } from './experiment.ts';
import { schemaAt } from './schema/schema.ts';
import { defaultsOf } from './task-defaults.ts';

/** The parameters of an experiment that are not the defaults: path, such as `training.optimizer.lr`, to value. */
export function asked(experiment: Experiment): Readonly<Record<string, unknown>> {
  const ofTask = defaultsOf(experiment);
  const usual = (path: string): unknown => (Object.hasOwn(ofTask, path) ? ofTask[path] : defaultAt(path.split('.')));
  return Object.fromEntries(
    Object.entries(leafValues(experiment)).filter(([path, value]) => JSON.stringify(value) !== JSON.stringify(usual(path))),
  );
}

/**
 * The parameters in which experiments differ, their names left out: path to the value in each, `undefined` where one has no such parameter.
 */
export function differing(experiments: readonly Experiment[]): Readonly<Record<string, readonly unknown[]>> {
  const all = experiments.map(({ name: _, ...parameters }) => leafValues(parameters));
  const paths = [...new Set(all.flatMap((parameters) => Object.keys(parameters)))];
  return Object.fromEntries(
    paths
      .map((path) => [path, all.map((parameters) => parameters[path])] as const)
      .filter(([, values]) => new Set(values.map((value) => JSON.stringify(value))).size > 1),
  );
}

/** A value in one line, as YAML would have it. */
export function shownValue(value: unknown): string {
  return value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value);
}

/** Undefined where there is no default, and inside an object that is null unless it is asked for. */
function defaultAt(path: readonly string[]): unknown {
  const inNull = path.some((_, depth) => depth > 0 && schemaAt(experimentDefinition, path.slice(0, depth))?.default === null);
  return inNull ? undefined : schemaAt(experimentDefinition, path)?.default;
}

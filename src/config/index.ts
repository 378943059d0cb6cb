import { experimentDefinition, layerSchema } from './experiment.ts';
import { dotted, pathsOf, schemaAt } from './schema.ts';

export type { Experiment } from './experiment.ts';
export { loadExperiment, readExperiment, type LoadedExperiment, type LoadOptions } from './load.ts';
export { loadPipeline, type Pipeline, type PipelineStage } from './pipeline.ts';
export { requireFiles } from './references.ts';
export { toYaml } from './to-yaml.ts';
export type { Place } from './tree.ts';

/** The JSON Schema 2020-12 of configuration files, for editors; every file is a layer, so it asks for no key. */
export function experimentSchema(): object {
  return layerSchema;
}

/** Every path of the configuration that holds a value, such as `training.optimizer.lr`; those of all kinds of schedule and optimizer. */
export function leafPaths(): readonly string[] {
  return pathsOf(experimentDefinition)
    .filter((path) => schemaAt(experimentDefinition, path)?.properties === undefined)
    .map(dotted);
}

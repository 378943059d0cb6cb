import { layerSchema } from './experiment.ts';
import type { SchemaNode } from './schema/schema.ts';
import { sweepSchema } from './sweep/schema.ts';

export type { Experiment } from './experiment.ts';
export type { ExperimentConfig, PartOf } from './given.ts';
export { asSettings } from './layers/overrides.ts';
export { loadExperiment, readExperiment, type LoadedExperiment, type LoadOptions, type Overrides } from './load.ts';
export { isUsualLoss, usualLoss } from './loss-rules.ts';
export { likelyWord } from './schema/suggest.ts';
export { bareMetric, betterOf, headlinesOf, modeOf, USUAL_HEADLINES, type MetricName } from './metric-names.ts';
export { asked, differing, shownValue } from './parameters.ts';
export { isPipelineName, loadPipeline, OR, type Pipeline, type PipelineStage } from './pipeline.ts';
export { requireFiles } from './references.ts';
export type { Json } from './schema/schema.ts';
export { launchOf, type Launch, type LaunchChange } from './sweep/launch.ts';
export { parameterPaths } from './sweep/schema.ts';
export { foldCount, USUAL_FOLDS, validationPerTrainingRow } from './split-keys.ts';
export { inThreeDigits, type SearchDimension } from './sweep/combinations.ts';
export { isSweep, loadSweep, type Sweep, type SweepMember } from './sweep/sweep.ts';
export { foldsOf, pathOf, readingOf, tablesOf, targetColumns, type TableSources } from './tables.ts';
export { usualOf } from './task-defaults.ts';
export type { TaskName } from './task-names.ts';
export { toYaml } from './to-yaml.ts';
export { watchersOf } from './watchers.ts';
export type { Place } from './yaml/tree.ts';

/** The JSON Schemas 2020-12 of the files that a person writes, for editors. A configuration is a layer, so its schema asks for no key. */
export const fileSchemas = { experiment: layerSchema, sweep: sweepSchema } as const satisfies Readonly<Record<string, SchemaNode>>;

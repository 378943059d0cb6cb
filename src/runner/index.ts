export { cacheContents, removeItems, unused, type CacheItem } from './cache-contents.ts';
export { checkData, type DataSizes } from './check-data.ts';
export { exportRun, type ExportedFile, type ExportedModel, type ExportRequest } from './export.ts';
export { planExperiment, type ExperimentPlan, type TaskPlan } from './plan.ts';
export { predictTexts, type TextPredictions } from './predict.ts';
export type { RunnerOptions } from './prepare.ts';
export { runExperiment, type RunResult } from './run.ts';
export { listRuns, readRun, type StoredRun } from './runs.ts';
export type { FoldHistory, RunMetrics } from '../tracking/run-files.ts';

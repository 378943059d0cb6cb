export type { DataSizes } from './data.ts';
export { inspectExperiments, type InspectedExperiment } from './inspect-experiments.ts';

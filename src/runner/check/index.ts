export { inspectExperiments, type InspectedExperiment } from './inspect-experiments.ts';

export type { Finding } from '../data/findings/index.ts';
export type { FoldHistory, RunMetrics } from '../tracking/index.ts';
export { explainExperiment, type Explanation } from './explain.ts';
export type { BatchShape } from './jobs/example-batches.ts';
export type { AskedDevice } from './machine/devices.ts';
export type { RunnerOptions } from './prepare.ts';
/** One experiment, for tests and programs; the command line runs several. @public */
export { runExperiment } from './run.ts';
export type { RunResult } from './run.ts';
export { runAll, type RunOutcome, type RunsObserver } from './run-all.ts';

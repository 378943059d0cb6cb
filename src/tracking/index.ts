export { readEvaluatedRun, type EvaluatedRun } from './evaluated-run.ts';
export { setupKey, type ExecutionSetup } from './execution-setup.ts';
export { foldStories, type FoldStory } from './fold-stories.ts';
export { itemsOf } from './growing.ts';
export { advance, nothingYet, readHistory, readSoundHistory, type RunHistory } from './history.ts';
export { namedMetrics } from './named-metric.ts';
export { openJournal, type Journal } from './journal.ts';
export { recordedFiles, throwIfChanged, throwIfResultsChanged } from './recorded-files.ts';
export {
  bestEpochs,
  modelHistories,
  readMetrics,
  summaryOf,
  taskOf,
  type EpochRecord,
  type FoldHistory,
  type ModelHistory,
  type RunMetrics,
  type TrainedHistory,
} from './run-metrics.ts';
export { progressOf, statusOf, workerOf, type RunProgress } from './run-progress.ts';
export { attemptCount, attemptsOf, waiting, type Attempt, type Decision, type JobHistory, type JobNow } from './job-history.ts';

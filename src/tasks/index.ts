export {
  labelledAs,
  readValidatedExamples,
  trainExamples,
  type LabelledExamples,
  type TrainExamples,
  type TrainOptions,
} from './examples.ts';
export { inspectData, type Dataset, type InspectionOptions } from './inspect-data.ts';
export { missingCells } from './missing.ts';
export { openTask, taskName, taskProblem, type TargetOptions } from './kinds.ts';
export { predictionSchema } from './prediction-objects.ts';
export type {
  ClassPrediction,
  GradePrediction,
  LabelPrediction,
  NumberPrediction,
  Prediction,
  PredictionsByTask,
  TaskName,
} from './prediction-objects.ts';
export { exampleFiles, openExamples, writeExamples, type StoredExamples, type StoredRows } from './stored-examples.ts';
export { readPredictions, readTargets } from './read-columns.ts';
export { measuredRows, predictionsAt, type MeasuredRows } from './measured-rows.ts';
export { encoded, lossOf, measured } from './rows.ts';
export { submittedValues } from './submitted.ts';
export { refusedTargets, targetsAs } from './targets-as.ts';
export { OUT_OF_FOLD, type OutOfFold, type ReportTable, type TaskReport, type TrainTexts } from './report.ts';
export type { Predictions } from './predictions.ts';
export { withLoss } from './with-loss.ts';
export { weighedIn, weighing, type Weighing } from './weighing.ts';
export type { Cells, LossOptions, Task, TaskDescription, Watched } from './task.ts';

export { readTrainExamples, trainExamples, type LabelledExamples, type TrainExamples, type TrainOptions } from './examples.ts';
export { inspectData, type Dataset, type InspectionOptions } from './inspect-data.ts';
export { openTask, taskProblem } from './kinds.ts';
export { exampleFiles, openExamples, writeExamples, type StoredExamples, type StoredRows } from './stored-examples.ts';
export { readPredictions, readTargets } from './read-columns.ts';
export { encoded, lossOf, measured } from './rows.ts';
export type { OutOfFold, TaskReport, TrainTexts } from './report.ts';
export type { Predictions } from './predictions.ts';
export type { Cells, Task, TaskDescription, Watched } from './task.ts';

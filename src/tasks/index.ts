import { both, list, object, primitive, text, type Shape, type ShapeOf } from '../core/shapes.ts';
import { classification } from './classification/task.ts';
import type { Task, TaskDescription } from './task.ts';

export { classification } from './classification/task.ts';
export { readTrainExamples, trainExamples, type LabelledExamples, type TrainExamples } from './examples.ts';
export { inspectData, type Dataset, type InspectionOptions } from './inspect-data.ts';
export { encoded, lossOf } from './rows.ts';
export { readPredictions, readTargets } from './read-columns.ts';
export type { OutOfFold, TaskReport, TrainTexts } from './report.ts';
export type { Predictions } from './predictions.ts';
export type { Cells, Task, TaskDescription, Watched } from './task.ts';

/** What a file that describes a task has to hold. */
export const taskShape = described() as ShapeOf<TaskDescription>; // which keys there are only the task knows

function described(): Shape {
  const severalTexts = primitive<readonly string[]>('two classes or more', (value) => (value as readonly string[]).length > 1);
  return object({ classes: both(list(text), severalTexts) });
}

/** The task of a description that is of `taskShape`. */
export function openTask({ classes }: TaskDescription): Task {
  return classification(classes as readonly string[]);
}

import { list, object, primitive, text, type Shape } from '../core/shapes.ts';
import { classification } from './classification/task.ts';
import type { Task, TaskDescription } from './task.ts';

export { classification, classTargets } from './classification/task.ts';
export { encoded, lossOf } from './rows.ts';
export { readPredictions, readTargets } from './read-columns.ts';
export type { Cells, Predictions, Task, TaskDescription, Watched } from './task.ts';

/** What a file that describes a task has to hold. */
export const taskShape: Shape = object({
  classes: (value, place) => list(text)(value, place) ?? primitive('two classes or more', () => (value as readonly string[]).length > 1)(value, place),
});

/** The task of a description that is of `taskShape`. */
export function openTask({ classes }: TaskDescription): Task {
  return classification(classes as readonly string[]);
}

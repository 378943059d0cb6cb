import * as data from '../data/examples/index.ts';
import type { Table, TableFile } from '../data/tables/index.ts';
import { targetReader } from './kinds.ts';
import type { Task } from './task.ts';

export type LabelledExamples = data.LabelledExamples<Task>;
export type TrainExamples = data.TrainExamples<Task>;

/** The rows of a file that are trained on, with their targets. Throws a `data` error with everything that is wrong with them. */
export function readTrainExamples(file: string | TableFile, options: data.TrainOptions): Promise<TrainExamples> {
  return data.readTrainExamples(file, options, targetReader());
}

/** `readTrainExamples` of a table. */
export function trainExamples(table: Table, options: data.TrainOptions): TrainExamples {
  return data.trainExamples(table, options, targetReader());
}

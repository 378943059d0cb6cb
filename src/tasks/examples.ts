import * as data from '../data/examples/index.ts';
import type { Table, TableFile } from '../data/tables/index.ts';
import { targetReader, type TargetOptions } from './kinds.ts';
import type { Task } from './task.ts';

/** How a training table is read. */
export type TrainOptions = data.TrainOptions & TargetOptions;

export type LabelledExamples = data.LabelledExamples<Task>;
export type TrainExamples = data.TrainExamples<Task>;

/** The rows of a file that are trained on, with their targets. Throws a `data` error with everything that is wrong with them. */
export function readTrainExamples(file: string | TableFile, options: TrainOptions): Promise<TrainExamples> {
  return data.readTrainExamples(file, options, targetReader(options));
}

/** `readTrainExamples` of a table. */
export function trainExamples(table: Table, options: TrainOptions): TrainExamples {
  return data.trainExamples(table, options, targetReader(options));
}

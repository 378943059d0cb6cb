import * as data from '../data/examples/index.ts';
import { targetColumns } from '../config/index.ts';
import { readTable, type Table, type TableFile } from '../data/tables/index.ts';
import { targetReader, type TargetOptions } from './kinds.ts';
import { refusedTargets, targetsAs } from './targets-as.ts';
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

/**
 * The rows of another labelled table by the task of a training table; rows of whose target nothing is known are left out. It may lack the
 * column of weights. Throws a `data` error with everything that is wrong with them.
 */
export function labelledAs(task: Task, table: Table, columns: data.LabelledColumns, options: TargetOptions): LabelledExamples {
  const target = targetColumns(columns.target);
  const { targets, problems } = targetsAs(task, table, target, options);
  const { ids, texts } = data.unlabelledExamples(table, columns);
  const { weight = null } = columns;
  const weights = weight === null || !table.columns.includes(weight) ? undefined : data.readWeights(table, weight);
  const all = [...problems, ...(weights?.problems ?? [])];
  if (all.length > 0) throw refusedTargets(table, all, 'Correct these rows, or name another column in the table\'s own object.');
  const known = Int32Array.from(ids.keys()).filter((row) => data.isLabelled(targets, row));
  if (known.length === 0) throw refusedTargets(table, [{ message: 'no row has a target' }], 'Name another table or column.');
  return {
    ids: data.valuesAt(ids, known),
    texts: data.valuesAt(texts, known),
    targets: data.targetsAt(targets, known),
    task,
    ...data.withWeights(weights && Float64Array.from(known, (row) => weights.weights[row]!)),
  };
}

/** Where labelled rows are, and how they are read. */
type LabelledSource = TableFile & data.LabelledColumns;

/** The rows that oof.csv speaks of: those of a table of its own for validation, or else those that are trained on. Throws as both do. */
export async function readValidatedExamples(
  { train, validation }: { readonly train: LabelledSource; readonly validation: LabelledSource | null },
  options: Omit<TrainOptions, keyof data.LabelledColumns>,
): Promise<LabelledExamples> {
  const trained = await readTrainExamples(train, { ...options, ...train });
  return validation === null ? trained : labelledAs(trained.task, await readTable(validation), validation, options);
}

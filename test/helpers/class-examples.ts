import { labelledExamples as labelled, type LabelledColumns, type TrainOptions } from '../../src/data/examples/examples.ts';
import type { LabelledExamples } from '../../src/data/examples/example-rows.ts';
import type { Table, TableFile } from '../../src/data/tables/table.ts';
import { targetReader } from '../../src/tasks/kinds.ts';
import { readTrainExamples as readTrainExamplesOf } from '../../src/tasks/examples.ts';
import * as tasks from '../../src/tasks/index.ts';

/** Examples whose targets are given as class numbers and the classes that these are positions in. */
export type WithClasses<E> = Omit<E, 'targets' | 'task'> & { readonly labels: Int32Array; readonly classes: readonly string[] };

export function withClasses<E extends LabelledExamples<tasks.Task>>({ targets, task, ...rest }: E): WithClasses<E> {
  const { classes } = task.description as { readonly classes: readonly string[] };
  return { ...rest, labels: Int32Array.from(targets.values), classes };
}

export function labelledExamples(table: Table, columns: LabelledColumns): WithClasses<tasks.LabelledExamples> {
  return withClasses(labelled(table, columns, targetReader()));
}

export function trainExamples(table: Table, options: TrainOptions): WithClasses<tasks.TrainExamples> {
  return withClasses(tasks.trainExamples(table, options));
}

export async function readTrainExamples(file: string | TableFile, options: TrainOptions): Promise<WithClasses<tasks.TrainExamples>> {
  return withClasses(await readTrainExamplesOf(file, options));
}

import type { Experiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { readTestExamples, readTrainExamples } from '../data/examples.ts';
import { assignFolds } from '../data/folds.ts';
import { buildSubmission } from '../data/submission.ts';
import { readTable } from '../data/table.ts';

/** What the tables of an experiment amount to. */
export interface DataSizes {
  readonly rows: number;
  readonly classes: readonly string[];
  /** Null where there are no rows to predict. */
  readonly testRows: number | null;
  /** Rows that each fold trains on. */
  readonly trainRowsOfFold: readonly number[];
}

/**
 * Reads every table of an experiment before anything is paid for: columns, ids and targets, whether the folds can be filled,
 * and whether the sample submission asks for exactly the test rows. Throws one `data` error with all problems of all tables.
 */
export async function checkData({ data, split, seed }: Experiment): Promise<DataSizes> {
  const errors: OrtrainError[] = [];
  const train = await attempt(() => readTrainExamples(data.train, { ...data, group_by: split.group_by }), errors);
  const { test, sample_submission: sample } = data;
  const testIds = test === null ? undefined : (await attempt(() => readTestExamples(test, data), errors))?.ids;
  // Without readable classes the ids can still be compared.
  if (sample !== null && testIds !== undefined) await attempt(() => checkSample(sample, data, testIds, train?.classes ?? ['0', '1']), errors);
  const foldOf = train === undefined ? undefined : await attempt(async () => assignFolds(train, { ...split, seed: split.seed ?? seed }), errors);
  if (errors.length > 0 || train === undefined || foldOf === undefined) throw together(errors);
  const trainRowsOfFold = Array.from({ length: split.folds }, (_, fold) => foldOf.filter((of) => of !== fold).length);
  return { rows: train.texts.length, classes: train.classes, testRows: testIds?.length ?? null, trainRowsOfFold };
}

/** The sample submission has to ask for exactly the test rows, in columns and values that the classes can fill: tried with all probabilities equal. */
async function checkSample(path: string, data: Experiment['data'], testIds: readonly string[], classes: readonly string[]): Promise<void> {
  const probabilities = new Float64Array(testIds.length * (classes.length === 2 ? 1 : classes.length)).fill(1 / classes.length);
  buildSubmission(await readTable(path), { file: data.test ?? '', ids: testIds, classes, probabilities }, data.id);
}

async function attempt<T>(read: () => Promise<T>, errors: OrtrainError[]): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof OrtrainError)) throw error;
    errors.push(error);
    return undefined;
  }
}

/** One error that tells everything; a single one stays as it is. */
function together(errors: readonly OrtrainError[]): OrtrainError {
  const [first] = errors;
  if (errors.length === 1 && first !== undefined) return first;
  const problems = errors.flatMap((error) => (error.problems.length > 0 ? error.problems : [{ message: error.message }]));
  return new OrtrainError('data', `${errors.length} tables have problems`, { problems, ...(first?.remedy === undefined ? {} : { remedy: first.remedy }) });
}

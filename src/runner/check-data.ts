import type { Experiment } from '../config/index.ts';
import { OrtrainError, type Problem } from '../core/errors.ts';
import { readTestExamples, readTrainExamples } from '../data/examples.ts';
import { assignFolds } from '../data/folds.ts';
import { columnOf, readTable } from '../data/table.ts';

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
  const train = await attempt(() => readTrainExamples(data.train, data), errors);
  const { test, sample_submission: sample } = data;
  const testIds = test === null ? undefined : (await attempt(() => readTestExamples(test, data), errors))?.ids;
  if (sample !== null) await attempt(() => checkSample(sample, data.id, testIds), errors);
  const foldOf = train === undefined ? undefined : await attempt(async () => assignFolds(train.labels, { ...split, seed: split.seed ?? seed, classes: train.classes }), errors);
  if (errors.length > 0 || train === undefined || foldOf === undefined) throw together(errors);
  const trainRowsOfFold = Array.from({ length: split.folds }, (_, fold) => foldOf.filter((of) => of !== fold).length);
  return { rows: train.texts.length, classes: train.classes, testRows: testIds?.length ?? null, trainRowsOfFold };
}

/** The sample submission has to ask for exactly the test rows; its values are checked against the predictions, when there are any. */
async function checkSample(path: string, id: string | null, testIds: readonly string[] | undefined): Promise<void> {
  const sample = await readTable(path);
  const column = id ?? sample.columns[0] ?? '';
  const ids = columnOf(sample, column);
  const known = new Set(testIds);
  const problems: Problem[] = [];
  if (ids === undefined) problems.push({ message: `there is no id column ${column}; the columns are ${sample.columns.join(', ')}`, file: path, line: 1 });
  else if (testIds === undefined) return;
  else if (ids.length !== testIds.length) problems.push({ message: `${ids.length} rows here, and ${testIds.length} test rows`, file: path });
  const strange = ids?.findIndex((value) => !known.has(value)) ?? -1;
  if (ids !== undefined && strange !== -1) {
    problems.push({ message: `the id ${ids[strange] ?? ''} is not among the test rows`, file: path, line: sample.lines[strange] ?? 1, row: strange + 1, field: column });
  }
  if (problems.length === 0) return;
  throw new OrtrainError('data', `${path} does not fit the test rows`, {
    subject: path,
    problems,
    remedy: 'Check that data.test, data.sample_submission and data.id belong together.',
  });
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

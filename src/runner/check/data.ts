import { tablesOf, type Experiment, type TableSources } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { joinedTargets, unlabelledExamples, valuesAt, type Examples } from '../../data/examples/index.ts';
import type { Finding } from '../../data/findings/index.ts';
import { divide, divisionByTable, rowsOfFold, type Division } from '../../data/folds/index.ts';
import { localModel } from '../../data/hub/index.ts';
import { buildSubmission, sampleIdColumn } from '../../data/submission/index.ts';
import { columnsOf, readTable, requiredColumn, type Table } from '../../data/tables/index.ts';
import { loadTokenizer } from '../../data/tokens/index.ts';
import { inspectionOptions } from '../../stages/index.ts';
import {
  inspectData,
  labelledAs,
  submittedValues,
  trainExamples,
  withLoss,
  type LabelledExamples,
  type TaskDescription,
  type TrainExamples,
  type TrainOptions,
} from '../../tasks/index.ts';
import { hasTokenizer, tokenizerFiles } from '../../data/tokenizer/index.ts';
import { inspectPooler } from './untrained-pooler.ts';
import { inspectTested } from './tested.ts';
import { throwIfUndefined, throwIfUnmeasured } from './monitors.ts';
import { throwIfWeightless } from './weights.ts';

/** What the tables of an experiment amount to. */
export interface DataSizes {
  /** Training rows, without those that the configuration leaves out. */
  readonly rows: number;
  /** Null where the training table is divided. */
  readonly validationRows: number | null;
  readonly task: TaskDescription;
  /** Null where there are no rows to predict. */
  readonly testRows: number | null;
  /** Rows that each fold trains on. */
  readonly trainRowsOfFold: readonly number[];
  /** Rows that validate each fold. */
  readonly validationRowsOfFold: readonly number[];
}

/** What the tables of an experiment hold. */
export interface DataContents {
  /** As they stand in the files. */
  readonly tables: { readonly train: Table; readonly validation: Table | null; readonly test: Table | null };
  readonly train: TrainExamples;
  /** Those of a table of their own; null where the training table is divided. */
  readonly validation: LabelledExamples | null;
  /** All rows that models are trained on or validated by: those of `train`, and then those of `validation`. */
  readonly labelled: LabelledExamples;
  /** Undefined where there are no rows to predict. */
  readonly test: Examples | undefined;
  /** Of the labelled rows. */
  readonly division: Division;
  /** What is worth knowing of the targets of the rows to predict. */
  readonly ofTest: readonly Finding[];
}

/** `readData`, of which only the sizes are wanted. */
export async function checkData(experiment: Experiment): Promise<DataSizes> {
  return sizesOf(await readData(experiment));
}

export function sizesOf({ train, validation, test, division }: DataContents): DataSizes {
  const folds = Array.from({ length: division.count }, (_, fold) => rowsOfFold(division, fold));
  return {
    rows: train.texts.length,
    validationRows: validation === null ? null : validation.ids.length,
    task: train.task.description,
    testRows: test?.ids.length ?? null,
    trainRowsOfFold: folds.map((own) => own.train.length),
    validationRowsOfFold: folds.map((own) => own.validation.length),
  };
}

/**
 * Reads every table of an experiment before anything is paid for: columns, ids and targets, whether the folds can be filled,
 * whether the metrics to watch say something in each fold, and whether the sample submission asks for exactly the test rows. Throws one
 * `data` error with all problems of all tables.
 */
export async function readData({ task, data, split, seed, training }: Experiment): Promise<DataContents> {
  const errors: OrtrainError[] = [];
  const sources = tablesOf(data);
  const train = await attempt(() => readTable(sources.train), errors);
  const examples =
    train === undefined
      ? undefined
      : await attempt(async () => trainExamples(train, { ...data, ...sources.train, task, ...dividingColumns(split) }), errors);
  const { validation: validationSource, test: testSource } = sources;
  const validationTable = validationSource === null ? null : await attempt(() => readTable(validationSource), errors);
  const validation =
    validationSource === null
      ? null
      : validationTable === null || validationTable === undefined || examples === undefined
        ? undefined
        : await attempt(
            async () => labelledAs(examples.task, validationTable, { ...validationSource, weight: data.weight }, { ...data, task }),
            errors,
          );
  const test = testSource === null ? null : await attempt(() => readTable(testSource), errors);
  const testExamples =
    test === undefined || test === null || testSource === null
      ? undefined
      : await attempt(async () => unlabelledExamples(test, testSource), errors);
  const ofTest =
    test === undefined || test === null || testSource === null || examples === undefined
      ? []
      : await attempt(async () => inspectTested(examples.task, test, testSource, { data, task }), errors);
  // Without readable targets the ids can still be compared.
  if (testExamples !== undefined) await attempt(() => checkSample(sources, testExamples.ids, examples), errors);
  const division =
    examples === undefined || train === undefined
      ? undefined
      : await attempt(
          async () => {
            if (validation !== null) return divisionByTable(examples.ids.length, validation?.ids.length ?? 0);
            const strata = examples.task.strata(examples.targets, split.bins ?? undefined);
            const column = (name: string): readonly string[] => valuesAt(requiredColumn(train, name), examples.rows);
            return divide({ ...examples, strata, column }, { ...split, seed: split.seed ?? seed });
          },
          errors,
        );
  if (examples !== undefined) await attempt(async () => throwIfUnmeasured(training, examples.task), errors);
  const labelled = examples === undefined || validation === undefined ? undefined : joinedExamples(examples, validation);
  if (labelled !== undefined) await attempt(async () => withLoss(labelled.task, training.loss, labelled.targets), errors);
  if (labelled !== undefined && division !== undefined)
    await attempt(async () => throwIfUndefined({ training, split }, { ...labelled, division }), errors);
  if (examples !== undefined && division !== undefined)
    await attempt(async () => throwIfWeightless(examples.weights, division, split.only, sources.train.path), errors);
  if (errors.length > 0 || train === undefined || test === undefined || examples === undefined || division === undefined)
    throw together(errors);
  if (labelled === undefined || validation === undefined || validationTable === undefined) throw together(errors);
  return {
    tables: { train, validation: validationTable, test },
    train: examples,
    validation,
    labelled,
    test: testExamples,
    division,
    ofTest: ofTest ?? [],
  };
}

/** `checkData`, and what is worth knowing about data that can be used; of tokens only where the model is on this machine. */
export async function inspectDataset(
  experiment: Experiment,
): Promise<{ readonly contents: DataContents; readonly sizes: DataSizes; readonly findings: readonly Finding[] }> {
  const contents = await readData(experiment);
  const { tables, train, validation, test, ofTest } = contents;
  // A table that is trained on as a whole is one fold.
  const division = validation === null ? contents.division : divisionByTable(0, train.ids.length);
  const dataset = {
    table: columnsOf(tables.train),
    examples: train,
    division,
    validationTexts: validation?.texts ?? null,
    testTexts: test?.texts ?? null,
  };
  const folder = localModel(experiment.model.base, experiment.model.revision);
  const files = folder === undefined ? {} : tokenizerFiles(folder);
  const tokenizer = folder === undefined || !hasTokenizer(folder) ? null : await loadTokenizer(files);
  const findings = [
    ...(folder === undefined ? [] : inspectPooler(experiment, folder)),
    ...ofTest,
    ...(await inspectData(dataset, inspectionOptions(experiment), tokenizer)),
  ];
  return { contents, sizes: sizesOf(contents), findings };
}

/** The columns of the training table by which its rows are divided. */
function dividingColumns({ group_by, column, order }: Experiment['split']): Pick<TrainOptions, 'group_by' | 'divided_by'> {
  return { group_by, divided_by: { 'split.column': column, 'split.order': order } };
}

/** The sample submission has to ask for exactly the test rows, in columns and values that the task can fill. */
async function checkSample(
  { sample: source, test, sampleIds: names, sampleIdIsNamed: isNamed, asked }: TableSources,
  testIds: readonly string[],
  examples: TrainExamples | undefined,
): Promise<void> {
  if (source === null) return;
  const predictions = examples?.task.baseline(examples.targets, testIds.length);
  const sample = await readTable(source);
  buildSubmission(sample, { file: test?.path ?? '', ids: testIds }, sampleIdColumn(sample, { names, isNamed }, testIds), (columns) => {
    return predictions === undefined || examples === undefined ? () => '' : submittedValues(examples.task, predictions, columns, asked);
  });
}

function joinedExamples({ ids, texts, targets, task }: LabelledExamples, more: LabelledExamples | null): LabelledExamples {
  if (more === null) return { ids, texts, targets, task };
  return { ids: [...ids, ...more.ids], texts: [...texts, ...more.texts], targets: joinedTargets(targets, more.targets), task };
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

/** One error with all problems; a single error stays as it is. */
function together(errors: readonly OrtrainError[]): OrtrainError {
  const [first] = errors;
  if (errors.length === 1 && first !== undefined) return first;
  const problems = errors.flatMap((error) => (error.problems.length > 0 ? error.problems : [{ message: error.message }]));
  return new OrtrainError('data', `the data have ${problems.length} problems`, {
    problems,
    ...(first?.remedy === undefined ? {} : { remedy: first.remedy }),
  });
}

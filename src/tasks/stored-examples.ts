import { join } from 'node:path';
import { writeJsonAtomic } from '../core/files.ts';
import { readJsonInput, unreadable } from '../core/inputs.ts';
import { both, count, flag, list, nullable, object, optional, text, type Shape, type ShapeOf, type TypeOf } from '../core/shapes.ts';
import {
  joinedTargets,
  relativeWeights,
  rowGroups,
  valuesAt,
  withWeights,
  type Examples,
  type Groups,
  type Targets,
} from '../data/examples/index.ts';
import { dataError, quoted } from '../data/problems.ts';
import { openColumns, writeColumns, type ColumnsFile, type TableColumns, type WrittenColumn } from '../data/tables/index.ts';
import { textKeys, type Text, type TextColumns } from '../data/texts/index.ts';
import type { LabelledExamples, TrainExamples } from './examples.ts';
import { openTask, taskProblem } from './kinds.ts';
import { namedTexts, namedTextsOf, placeOf, readTextColumns, textColumnsOf, textLengths, type NamedTexts } from './stored-texts.ts';
import type { Task, TaskDescription } from './task.ts';

/*
 * Tables that have been read, cleaned and decoded, in a folder: examples.json says what they are, train.columns and test.columns hold them.
 * A row is a position in these columns. What a task knows of its rows, their targets today, is a column beside the others.
 */

/** Rows of a table, read when they are asked for. */
export interface StoredRows {
  readonly count: number;
  ids(): readonly string[];
  texts(): readonly Text[];
}

/** Rows with a target. */
export interface StoredLabelledRows extends StoredRows {
  targets(): Targets;
  /** What they weigh in what is learned, [rows], those that are trained on 1 in the mean; undefined where all count alike. */
  weights(): Float64Array | undefined;
}

/** The rows that are trained on, in the order of the table. */
export interface StoredTrainRows extends StoredLabelledRows {
  /** Each row's position in the table, ascending. */
  rows(): Int32Array;
  /** The groups of rows with the same value in a column; for `text`, the same text. Throws a `data` error where there is no such column. */
  groupsBy(column: string): Groups;
  /** Each row's value in a column of the table. Throws a `data` error where there is no such column. */
  valuesOf(column: string): readonly string[];
  /** All of this at once, with the rows that were left out. */
  examples(): Omit<TrainExamples, 'groups'>;
  /** The table itself, all rows of it. */
  readonly table: TableColumns;
}

export interface StoredExamples {
  readonly task: Task;
  readonly train: StoredTrainRows;
  /** The rows of a table of their own for validation; null where there is none. */
  readonly validation: StoredLabelledRows | null;
  /** All rows that models are trained on or validated by: those of `train`, and then those of `validation`. */
  readonly labelled: StoredLabelledRows;
  /** The rows to predict; null where there are none. */
  readonly test: StoredRows | null;
}

/** What is written of a training table, and of a table to predict. */
export interface WrittenExamples {
  readonly train: TrainExamples;
  readonly table: TableColumns;
  /** The columns of the training table that ids and texts were taken from. */
  readonly named: { readonly id: string | null; readonly text: TextColumns };
  readonly validation?: LabelledExamples | null;
  readonly test: Examples | null;
}

/** The files that `writeExamples` makes. */
export function exampleFiles(hasTest: boolean, hasValidation = false): readonly string[] {
  return [INDEX, TRAIN, ...(hasValidation ? [VALIDATION] : []), ...(hasTest ? [TEST] : [])];
}

export function writeExamples(
  folder: string,
  { train, table, named: { id, text: ofText }, validation = null, test }: WrittenExamples,
): void {
  const { all, targets, task, rows, cleaning, weights } = train;
  const named = { id, ...namedTextsOf(ofText) };
  const others = table.columns.filter((name) => name !== named.id && placeOf(name, named) === undefined);
  writeColumns(
    join(folder, TRAIN),
    new Map<string, WrittenColumn>([
      ['id', all.ids],
      ...textColumnsOf(all.texts, named),
      ['target', all.targets.values],
      ['trained', rows],
      ['trained-target', targets.values],
      ...(weights === undefined ? [] : [['weight', all.weights!], ['trained-weight', weights]] as const),
      ...others.map((name) => [`column:${name}`, table.column(name)] as const),
    ]),
  );
  if (validation !== null) {
    const { ids, texts, targets: of, weights: ofRows } = validation;
    writeColumns(
      join(folder, VALIDATION),
      new Map<string, WrittenColumn>([
        ['id', ids],
        ...textColumnsOf(texts, named),
        ['target', of.values],
        ...(ofRows === undefined ? [] : [['weight', ofRows]] as const),
      ]),
    );
  }
  if (test !== null) writeColumns(join(folder, TEST), new Map([['id', test.ids], ...textColumnsOf(test.texts, named)]));
  const stored: StoredIndex = {
    train: {
      rows: rows.length,
      table_rows: all.ids.length,
      target_width: targets.width,
      ...(weights === undefined ? {} : { weighted: true }),
      cleaning,
      columns: table.columns,
      unnamed: [...table.unnamed],
      named,
    },
    ...(validation === null
      ? {}
      : { validation: { rows: validation.ids.length, ...(validation.weights === undefined ? {} : { weighted: true }) } }),
    test: test === null ? null : { rows: test.ids.length },
  };
  writeJsonAtomic(join(folder, INDEX), { ...task.description, ...stored });
}

/** Opens what `writeExamples` has written. Throws a `data` error where it is not that. */
export function openExamples(folder: string): StoredExamples {
  const { train, validation, test, ...description } = readJsonInput(join(folder, INDEX), index);
  const task = openTask(description);
  const { rows, table_rows: all, target_width: width } = train;
  const { named } = train;
  const ofTest = test === null ? {} : { id: test.rows, ...textLengths(test.rows, named) };
  const trainFile = openRows(join(folder, TRAIN), {
    id: all,
    ...textLengths(all, named),
    target: all * width,
    trained: rows,
    'trained-target': rows * width,
    ...(train.weighted === true ? { weight: all, 'trained-weight': rows } : {}),
  });
  const ofTrain = trainRows(trainFile, train, task);
  const trainedWeights = (): Float64Array | undefined => (train.weighted === true ? trainFile.numbers('trained-weight') : undefined);
  const ofValidation = validation === undefined ? null : validationRows(folder, validation, train, trainedWeights);
  return {
    task,
    train: ofTrain,
    validation: ofValidation,
    labelled: ofValidation === null ? ofTrain : joined(ofTrain, ofValidation),
    test: test === null ? null : testRows(openRows(join(folder, TEST), ofTest), test.rows, named),
  };
}

/** Columns of these lengths. */
function openRows(path: string, lengths: Readonly<Record<string, number>>): ColumnsFile {
  const file = openColumns(path);
  for (const [name, length] of Object.entries(lengths)) {
    if (file.length(name) !== length) throw unreadable(path, `its column ${name} has ${file.length(name)} values instead of ${length}`);
  }
  return file;
}

const INDEX = 'examples.json';
const TRAIN = 'train.columns';
const VALIDATION = 'validation.columns';
const TEST = 'test.columns';

type StoredIndex = TypeOf<typeof members>;

const members = object({
  train: object({
    /** Those that are trained on, and all of the table. */
    rows: count,
    table_rows: count,
    target_width: count,
    /** Where rows have weights. */
    weighted: optional(flag),
    cleaning: object({ conflicting: count, relabelled: count, duplicate: count, unlabelled: optional(count) }),
    columns: list(text),
    unnamed: list(text),
    named: object({ id: nullable(text), ...namedTexts }),
  }),
  /** Absent where the training table is divided. */
  validation: optional(object({ rows: count, weighted: optional(flag) })),
  test: nullable(object({ rows: count })),
});

/** Beside them stands the description of the task. */
const index = both(members, described());

function described(): ShapeOf<TaskDescription> {
  const shape: Shape = (value) => taskProblem(value as TaskDescription, 'it');
  return shape as ShapeOf<TaskDescription>; // taskProblem says so
}

function trainRows(file: ColumnsFile, stored: StoredIndex['train'], task: Task): StoredTrainRows {
  const { named, target_width: width } = stored;
  const rows = (): Int32Array => file.integers('trained');
  const column = (name: string): readonly string[] =>
    file.texts(name === named.id ? 'id' : (placeOf(name, named) ?? `column:${name}`));
  const weightsIn = (name: string): Float64Array | undefined => (stored.weighted === true ? file.numbers(name) : undefined);
  const own: Pick<StoredTrainRows, 'ids' | 'texts' | 'targets' | 'rows'> = {
    ids: () => valuesAt(file.texts('id'), rows()),
    texts: () => valuesAt(readTextColumns(file, named), rows()),
    targets: () => ({ width, values: file.numbers('trained-target') }),
    rows,
  };
  return {
    ...own,
    count: stored.rows,
    weights() {
      const weights = weightsIn('trained-weight');
      return weights && relativeWeights(weights);
    },
    groupsBy(by) {
      if (by === 'text') return rowGroups(textKeys(readTextColumns(file, named)), rows());
      if (stored.columns.includes(by)) return rowGroups(column(by), rows());
      throw noColumn(by, 'split.group_by', 'the training rows cannot be grouped');
    },
    valuesOf(name) {
      if (stored.columns.includes(name)) return valuesAt(column(name), rows());
      throw noColumn(name, 'split', 'the training rows cannot be divided');
    },
    examples() {
      const all = {
        ids: file.texts('id'),
        texts: readTextColumns(file, named),
        targets: { width, values: file.numbers('target') },
        task,
        ...withWeights(weightsIn('weight')),
      };
      const kept = rows();
      return {
        all,
        ids: valuesAt(all.ids, kept),
        texts: valuesAt(all.texts, kept),
        targets: own.targets(),
        task,
        ...withWeights(weightsIn('trained-weight')),
        rows: kept,
        cleaning: stored.cleaning,
      };
    },
    table: { columns: stored.columns, unnamed: new Set(stored.unnamed), column },
  };
}

function noColumn(name: string, field: string, message: string): Error {
  const problem = { message: `the training table has no column ${quoted(name)}`, field };
  return dataError(message, field, [problem], 'Name a column of data.train, or leave it out.');
}

function validationRows(
  folder: string,
  { rows, weighted = false }: NonNullable<StoredIndex['validation']>,
  { named, target_width: width }: StoredIndex['train'],
  trainedWeights: () => Float64Array | undefined,
): StoredLabelledRows {
  const lengths = { id: rows, ...textLengths(rows, named), target: rows * width, ...(weighted ? { weight: rows } : {}) };
  const file = openRows(join(folder, VALIDATION), lengths);
  return {
    ...testRows(file, rows, named),
    targets: () => ({ width, values: file.numbers('target') }),
    weights() {
      const ofTrained = trainedWeights();
      if (ofTrained === undefined) return undefined;
      return weighted ? relativeWeights(ofTrained, file.numbers('weight')) : new Float64Array(rows).fill(1);
    },
  };
}

function joined(first: StoredLabelledRows, second: StoredLabelledRows): StoredLabelledRows {
  return {
    count: first.count + second.count,
    ids: () => [...first.ids(), ...second.ids()],
    texts: () => [...first.texts(), ...second.texts()],
    targets: () => joinedTargets(first.targets(), second.targets()),
    weights() {
      const [own, others] = [first.weights(), second.weights()];
      return own === undefined || others === undefined ? undefined : Float64Array.from([...own, ...others]);
    },
  };
}

function testRows(file: ColumnsFile, rows: number, named: NamedTexts): StoredRows {
  return { count: rows, ids: () => file.texts('id'), texts: () => readTextColumns(file, named) };
}

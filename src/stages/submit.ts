import { join } from 'node:path';
import { readingOf, tablesOf, type Experiment } from '../config/index.ts';
import { writeFileAtomic } from '../core/files.ts';
import { readTable, requiredColumn, writeCsv, writeRecords, type Table } from '../data/tables/index.ts';
import {
  buildSubmission,
  checkSubmission,
  sampleColumns,
  sampleIdColumn,
  type AskedValues,
  type SampleIds,
} from '../data/submission/index.ts';
import { readPredictions, submittedValues, type Task } from '../tasks/index.ts';
import { PREDICTIONS } from './outputs.ts';
import type { Stage } from './stage.ts';

interface Params {
  readonly data: Pick<Experiment['data'], 'id'>;
  /** What differs from `data`. */
  readonly sample?: Partial<SampleIds> & ReturnType<typeof readingOf> & { readonly asked?: AskedValues };
}

const needs = { examples: 'source', predictions: 'one' } as const;

/** The predictions in the sample submission's columns, order and types, read back and checked against it. Output: submission. */
export const submit: Stage<Params, { readonly sample: string }, typeof needs> = {
  name: 'submit',
  version: 3,
  needs,
  reads: 'everything',
  makes: 'submission',
  writes: () => ['submission.csv'],
  publishes: { 'submission.csv': 'submission.csv' },
  usesDevice: false,
  requires: 'data.sample_submission',
  pick: ({ data }) => ({ params: { data: { id: data.id }, ...ofSample(data) }, files: { sample: samplePath(data) } }),
  async run({ params, files, inputs, output, emit }) {
    const { task } = inputs.examples;
    const table = await inputs.predictions.table();
    const {
      encoding,
      columns: given = null,
      names = params.data.id === null ? [] : [params.data.id],
      isNamed = false,
      asked = NOTHING,
    } = params.sample ?? {};
    const sample = await readTable({ path: files.sample, columns: given, ...(encoding === undefined ? {} : { encoding }) });
    const ids = requiredColumn(table, 'id');
    const predictions = readPredictions(table, task.columns, 1);
    const id = sampleIdColumn(sample, { names, isNamed }, ids);
    const submission = buildSubmission(sample, { file: PREDICTIONS, ids }, id, (columns) =>
      submittedValues(task, predictions, columns, asked),
    );
    const notice = choiceIn(task, sample, id, asked);
    if (notice !== undefined) emit({ type: 'notice', level: 'info', message: notice });
    const path = join(output, 'submission.csv');
    writeFileAtomic(path, given === null ? writeCsv(submission.columns, submission.rows) : writeRecords(submission.rows));
    // What somebody asks for may be other than what the sample shows.
    const isAsked = (column: string): boolean => asked.top !== null || Object.hasOwn(asked.columns, column);
    const kind = task.isContinuous === true ? 'number' : undefined;
    checkSubmission(await readTable({ path, columns: given }), sample, id, (column) => (isAsked(column) ? 'any' : kind));
  },
};

const NOTHING: AskedValues = { columns: {}, top: null, separator: null };

function asksNothing({ columns, top, separator }: AskedValues): boolean {
  return Object.keys(columns).length === 0 && top === null && separator === null;
}

/** What a column that could be read in two ways receives, where nobody has asked for anything. */
function choiceIn(task: Task, sample: Table, id: string, asked: AskedValues): string | undefined {
  if (!asksNothing(asked)) return undefined;
  return task.choiceNotice?.(sampleColumns(sample, id));
}

function samplePath(data: Experiment['data']): string {
  const { sample } = tablesOf(data);
  if (sample === null) throw new Error('the stage submit was planned without a sample submission');
  return sample.path;
}

/** Nothing where the sample is read as all other tables are, and has their id column. */
function ofSample(data: Experiment['data']): Pick<Params, 'sample'> {
  const { sample, sampleIds: names, sampleIdIsNamed: isNamed, asked } = tablesOf(data);
  if (sample === null) return {};
  const isUsual = !isNamed && names.length === (data.id === null ? 0 : 1);
  const own = { ...readingOf(sample), ...(isUsual ? {} : { names, isNamed }), ...(asksNothing(asked) ? {} : { asked }) };
  return Object.keys(own).length === 0 ? {} : { sample: own };
}

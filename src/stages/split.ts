import { join } from 'node:path';
import { readTrainExamples } from '../data/examples.ts';
import { assignFolds, writeFolds } from '../data/folds.ts';
import type { Experiment } from '../config/index.ts';
import type { Stage } from './stage.ts';

interface Params {
  readonly columns: { readonly id: string | null; readonly text: string; readonly target: string };
  readonly split: Omit<Experiment['split'], 'only'> & { readonly seed: number };
}

/** Assigns every training row to the fold in which it is validated. Output: folds. */
export const split: Stage<Params> = {
  name: 'split',
  version: 1,
  needs: {},
  makes: 'folds',
  publishes: { 'folds.csv': 'folds.csv' },
  usesDevice: false,
  pick: ({ data, split: { only: _trained, ...split }, seed }) => ({
    params: { columns: { id: data.id, text: data.text, target: data.target }, split: { ...split, seed: split.seed ?? seed } },
    files: { train: data.train },
  }),
  async run({ params, files, output }) {
    const { ids, labels, classes } = await readTrainExamples(files['train'] ?? '', params.columns);
    writeFolds(join(output, 'folds.csv'), ids, assignFolds(labels, { ...params.split, classes }));
  },
};

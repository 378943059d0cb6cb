import { join } from 'node:path';
import { readTrainExamples } from '../data/examples.ts';
import { assignFolds, writeFolds } from '../data/folds.ts';
import type { Experiment } from '../config/index.ts';
import type { Stage } from './stage.ts';

interface Params {
  readonly data: Pick<Experiment['data'], 'id' | 'text' | 'target' | 'conflicts' | 'duplicates'>;
  readonly split: Omit<Experiment['split'], 'only'> & { readonly seed: number };
}

/** Assigns every training row to the fold in which it is validated. Output: folds. */
export const split: Stage<Params> = {
  name: 'split',
  version: 2,
  needs: {},
  reads: 'everything',
  makes: 'folds',
  writes: () => ['folds.csv'],
  publishes: { 'folds.csv': 'folds.csv' },
  usesDevice: false,
  pick: ({ data: { id, text, target, conflicts, duplicates, train }, split: { only: _trained, ...split }, seed }) => ({
    // Without a shuffle no seed has a part in it.
    params: { data: { id, text, target, conflicts, duplicates }, split: { ...split, seed: split.shuffle ? (split.seed ?? seed) : 0 } },
    files: { train },
  }),
  async run({ params, files, output }) {
    const examples = await readTrainExamples(files['train'] ?? '', { ...params.data, group_by: params.split.group_by });
    writeFolds(join(output, 'folds.csv'), examples.ids, assignFolds(examples, params.split));
  },
};

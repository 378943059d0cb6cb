import { join } from 'node:path';
import { assignFolds, writeFolds } from '../data/folds/index.ts';
import { readTrainExamples } from '../tasks/index.ts';
import type { Experiment } from '../config/index.ts';
import type { Stage } from './stage.ts';
import { pickTables, type TableParams } from './tables.ts';

interface Params extends TableParams {
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
  pick: ({ data, split: { only: _trained, ...split }, seed }) => {
    const { params, files } = pickTables(data, true);
    // Without a shuffle no seed has a part in it.
    return { params: { ...params, split: { ...split, seed: split.shuffle ? (split.seed ?? seed) : 0 } }, files };
  },
  async run({ params, files, output }) {
    const examples = await readTrainExamples(
      { path: files['train'] ?? '', ...params.train },
      { ...params.data, group_by: params.split.group_by },
    );
    const strata = examples.task.strata(examples.targets);
    writeFolds(join(output, 'folds.csv'), examples.ids, assignFolds({ ...examples, strata }, params.split));
  },
};

import { join } from 'node:path';
import { assignFolds, writeFolds } from '../data/folds/index.ts';
import type { Experiment } from '../config/index.ts';
import { FOLDS } from './outputs.ts';
import type { Stage } from './stage.ts';

interface Params {
  /** `bins` only where the strategy needs them. */
  readonly split: Omit<Experiment['split'], 'only' | 'bins'> & { readonly seed: number; readonly bins?: number };
}

const needs = { examples: 'one' } as const;

/** Assigns every training row to the fold in which it is validated. Output: folds. */
export const split: Stage<Params, Record<never, never>, typeof needs> = {
  name: 'split',
  version: 2,
  needs,
  reads: 'training',
  makes: 'folds',
  writes: () => [FOLDS],
  publishes: { [FOLDS]: 'folds.csv' },
  usesDevice: false,
  pick: ({ split: { only: _trained, bins, ...split }, seed }) => ({
    // Without a shuffle no seed has a part in it.
    params: {
      split: {
        ...split,
        ...(bins === null || split.strategy === 'kfold' ? {} : { bins }),
        seed: split.shuffle ? (split.seed ?? seed) : 0,
      },
    },
    files: {},
  }),
  async run({ params, inputs, output }) {
    const { task, train } = inputs.examples;
    const { group_by: groupBy, bins } = params.split;
    const groups = groupBy === null ? null : train.groupsBy(groupBy);
    const foldOf = assignFolds({ strata: task.strata(train.targets(), bins), groups, rows: train.rows() }, params.split);
    writeFolds(join(output, FOLDS), train.ids(), foldOf);
  },
};

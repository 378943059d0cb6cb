import { divide, divisionByTable, EARLIER_FILE, FOLDS_FILE, writeDivision } from '../data/folds/index.ts';
import type { Experiment } from '../config/index.ts';
import type { Stage } from './stage.ts';

type Split = Experiment['split'];

/** Keys that only some strategies take; absent where they are null. */
type Later = { readonly [K in 'bins' | 'repeats' | 'size' | 'column' | 'order' | 'gap']: NonNullable<Split[K]> };

interface Params {
  readonly split: Omit<Split, 'only' | keyof Later> & { readonly seed: number } & Partial<Later>;
}

const needs = { examples: 'one' } as const;

/** Divides the training rows into those that each fold is trained on and those that validate it. Output: folds. */
export const split: Stage<Params, Record<never, never>, typeof needs> = {
  name: 'split',
  version: 2,
  needs,
  reads: 'training',
  makes: 'folds',
  writes: ({ split: { strategy } }) => [FOLDS_FILE, ...(strategy === 'time-series' ? [EARLIER_FILE] : [])],
  publishes: { [FOLDS_FILE]: 'folds.csv' },
  usesDevice: false,
  pick: ({ split: { only: _trained, bins, repeats, size, column, order, gap, ...split }, seed }) => ({
    params: {
      split: {
        ...split,
        ...(bins === null || WITHOUT_BINS.includes(split.strategy) ? {} : { bins }),
        ...(repeats === null ? {} : { repeats }),
        ...(size === null ? {} : { size }),
        ...(column === null ? {} : { column }),
        ...(order === null ? {} : { order }),
        ...(gap === null ? {} : { gap }),
        seed: isRandom(split) ? (split.seed ?? seed) : 0,
      },
    },
    files: {},
  }),
  async run({ params, inputs, output }) {
    const { task, train, validation, labelled } = inputs.examples;
    if (validation !== null) return writeDivision(output, labelled.ids(), divisionByTable(train.count, validation.count));
    const { group_by: groupBy, bins } = params.split;
    const groups = groupBy === null ? null : train.groupsBy(groupBy);
    const strata = task.strata(train.targets(), bins);
    const column = (name: string): readonly string[] => train.valuesOf(name);
    writeDivision(output, train.ids(), divide({ strata, groups, rows: train.rows(), column }, params.split));
  },
};

const WITHOUT_BINS: readonly Split['strategy'][] = ['kfold', 'predefined', 'time-series', 'multilabel-stratified-kfold'];

/** Without a shuffle no seed has a part in it, unless ties are decided by lot. */
function isRandom({ strategy, shuffle }: Pick<Split, 'strategy' | 'shuffle'>): boolean {
  if (strategy === 'time-series' || strategy === 'predefined') return false;
  return shuffle || strategy === 'multilabel-stratified-kfold';
}

import type { Conflict } from './conflict.ts';
import type { Experiment } from './experiment.ts';
import { foldCount, KEYS_OF, strategies, USUAL_FOLDS, type Strategy } from './split-keys.ts';
import { tablesOf, targetColumns, type TrainSource } from './tables.ts';
import { splitBesideValidation } from './validation-rules.ts';

/** What contradicts itself in how rows are divided. */
export function splitConflicts(experiment: Experiment): readonly Conflict[] {
  const { data, split } = experiment;
  if (data.validation !== null) return splitBesideValidation(experiment);
  return [
    ...groupConflicts(tablesOf(data).train, split.group_by),
    ...strategyConflicts(experiment),
    ...unusedConflicts(experiment),
    ...pickConflicts(split),
  ];
}

/** `text` means the texts, whatever that column is called. */
function groupConflicts({ id, target }: Pick<TrainSource, 'id' | 'target'>, group: string | null): readonly Conflict[] {
  const path = ['split', 'group_by'];
  if (group === null || group === 'text') return [];
  if (targetColumns(target).includes(group))
    return [
      {
        path,
        message: `split.group_by is a target column, ${JSON.stringify(group)}: each of its values would be in one fold only`,
      },
    ];
  return group === id
    ? [
        {
          path,
          message: `split.group_by is the column of the ids, ${JSON.stringify(group)}, which differ in every row`,
          suggestion: 'group_by: null',
        },
      ]
    : [];
}

/** What a strategy needs, and the tasks whose targets it can hold in equal shares. */
function strategyConflicts({ task, split }: Experiment): readonly Conflict[] {
  const { strategy } = split;
  const path = ['split', 'strategy'];
  const needed = (NEEDED[strategy] ?? []).find(([key]) => split[key] === null);
  if (needed !== undefined) return [{ path, message: `split.strategy: ${strategy} needs split.${needed[0]}, ${needed[1]}` }];
  if (split.folds < 2 && strategy !== 'predefined')
    return [{ path: ['split', 'folds'], message: ONE_FOLD }];
  const isMultiLabel = task.name === 'multi-label';
  if (strategy === 'multilabel-stratified-kfold' && !isMultiLabel) {
    const message = `split.strategy: ${strategy} is for the task multi-label, but task.name is ${task.name}`;
    return [{ path, message, suggestion: 'strategy: stratified-kfold' }];
  }
  if (isMultiLabel && (strategy === 'stratified-kfold' || strategy === 'repeated-stratified-kfold')) {
    const message = `split.strategy: ${strategy} needs one class for each row, but the task multi-label has several labels`;
    return [{ path, message, suggestion: 'strategy: multilabel-stratified-kfold' }];
  }
  return [];
}

/** Keys that the strategy has no use for, with another value than their default. */
function unusedConflicts({ task, split }: Experiment): readonly Conflict[] {
  const { strategy } = split;
  const known = KEYS_OF[strategy];
  const usual: Readonly<Record<string, unknown>> = { folds: USUAL_FOLDS, shuffle: true, bins: task.name === 'regression' ? 10 : null };
  const keys = ['folds', 'repeats', 'size', 'column', 'order', 'gap', 'shuffle', 'group_by', 'seed', 'bins'] as const;
  const unused = keys.filter((key) => !known.includes(key) && split[key] !== null && split[key] !== (usual[key] ?? null));
  // These never shuffle, so that to say so contradicts nothing.
  const wrong = unused.filter((key) => key !== 'shuffle' || (strategy !== 'time-series' && strategy !== 'predefined'));
  const conflicts = wrong.filter((key) => key !== 'bins' || task.name === 'regression').map((key): Conflict => {
    const users = strategies.filter((each) => KEYS_OF[each].includes(key));
    return { path: ['split', key], message: `split.${key} is for ${users.join(', ')}, but split.strategy is ${strategy}` };
  });
  if (strategy !== 'holdout' || split.shuffle || split.group_by === null) return conflicts;
  const message = 'split.shuffle: false takes the last rows, but split.group_by holds out whole groups';
  return [...conflicts, { path: ['split', 'shuffle'], message, suggestion: 'shuffle: true' }];
}

function pickConflicts(split: Experiment['split']): readonly Conflict[] {
  const folds = foldCount(split);
  // How many folds are predefined is known once the table has been read.
  const isOpen = split.strategy === 'predefined' && split.folds === USUAL_FOLDS;
  return (split.only ?? []).flatMap((fold, i, all): readonly Conflict[] => {
    const path = ['split', 'only', i];
    if (fold >= folds && !isOpen) {
      const numbered = folds === 1 ? 'there is one fold, number 0' : `${folds} folds are numbered 0 to ${folds - 1}`;
      return [{ path, message: `there is no fold ${fold}: ${numbered}` }];
    }
    return all.indexOf(fold) < i ? [{ path, message: `fold ${fold} is listed twice in split.only` }] : [];
  });
}

const ONE_FOLD = 'split.folds must be at least 2, but is 1; for one fold with a share of the rows, take split.strategy: holdout';

/** Keys without which a strategy cannot divide, and what they say. */
const NEEDED: Readonly<Partial<Record<Strategy, readonly (readonly ['column' | 'order' | 'gap' | 'repeats' | 'size', string])[]>>> = {
  predefined: [['column', 'the column that holds the folds']],
  'time-series': [
    ['order', 'the column by which the rows are sorted'],
    ['gap', 'the number of rows to leave out before a fold'],
  ],
  'repeated-stratified-kfold': [['repeats', 'how often the rows are divided']],
  holdout: [['size', 'the share of the rows to hold out']],
};

/** How rows can be divided. */
export const strategies = [
  'stratified-kfold',
  'kfold',
  'repeated-stratified-kfold',
  'multilabel-stratified-kfold',
  'holdout',
  'predefined',
  'time-series',
] as const;

export type Strategy = (typeof strategies)[number];

type Key = 'folds' | 'repeats' | 'size' | 'column' | 'order' | 'gap' | 'shuffle' | 'group_by' | 'seed' | 'bins';

/** How many folds there are, and of which size. */
interface Split {
  readonly strategy: Strategy;
  readonly folds: number;
  readonly repeats: number | null;
  readonly size: number | null;
}

/** The keys that a strategy has a use for, beside `strategy` and `only`. */
export const KEYS_OF: Readonly<Record<Strategy, readonly Key[]>> = {
  'stratified-kfold': ['folds', 'shuffle', 'group_by', 'seed', 'bins'],
  kfold: ['folds', 'shuffle', 'group_by', 'seed'],
  'repeated-stratified-kfold': ['folds', 'repeats', 'group_by', 'seed', 'bins'],
  'multilabel-stratified-kfold': ['folds', 'shuffle', 'seed'],
  holdout: ['size', 'shuffle', 'group_by', 'seed', 'bins'],
  predefined: ['folds', 'column'],
  'time-series': ['folds', 'order', 'gap'],
};

/** What a strategy means that is written without these keys. */
export const DEFAULTS_OF: Readonly<Partial<Record<Strategy, Readonly<Partial<Record<'repeats' | 'size' | 'gap', number>>>>>> = {
  'repeated-stratified-kfold': { repeats: 2 },
  holdout: { size: 0.2 },
  'time-series': { gap: 0 },
};

/** `split.folds` where nobody says how many. */
export const USUAL_FOLDS = 5;

/** How many folds can be trained, those of all repeats together. Of predefined folds: as far as the configuration says. */
export function foldCount({ strategy, folds, repeats }: Pick<Split, 'strategy' | 'folds' | 'repeats'>): number {
  if (strategy === 'holdout') return 1;
  return strategy === 'repeated-stratified-kfold' ? folds * (repeats ?? 1) : folds;
}

/**
 * Rows that validate a fold for each that it is trained on: what Nadeau and Bengio's correction of a variance over folds takes. Of a time
 * series it is the mean over the folds, of which fold i is trained on i + 1 parts.
 */
export function validationPerTrainingRow({ strategy, folds, size }: Pick<Split, 'strategy' | 'folds' | 'size'>): number {
  if (strategy === 'holdout') return (size ?? 0.2) / (1 - (size ?? 0.2));
  if (strategy === 'time-series') return Array.from({ length: folds }, (_, i) => 1 / (i + 1)).reduce((sum, each) => sum + each, 0) / folds;
  return 1 / Math.max(1, folds - 1);
}

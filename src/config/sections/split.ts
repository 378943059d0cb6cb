import { choice, flag, integer, list, nullable, number, object, text } from '../schema/schema.ts';
import { strategies } from '../split-keys.ts';

export const split = object('How rows are divided into folds. Each strategy takes its own keys and refuses the others.', {
  strategy: choice(strategies, {
    default: 'stratified-kfold',
    examples: ['holdout'],
    description:
      'stratified-kfold keeps the shares of the classes equal in all folds, for regression those of `bins` ranges of the target; kfold ' +
      'does not. repeated-stratified-kfold divides so several times, multilabel-stratified-kfold keeps the shares of every label. ' +
      'holdout has one fold, with a share of the rows, stratified where there are classes or bins. predefined takes the folds from a ' +
      'column. time-series validates each fold on later rows than it is trained on. Default of multi-label: multilabel-stratified-kfold.',
  }),
  folds: integer({
    default: 5,
    examples: [10],
    minimum: 1,
    description: 'Number of folds, at least 2. One model is trained for each. holdout has one fold, predefined as many as its column.',
  }),
  repeats: nullable(
    integer({
      examples: [3],
      minimum: 1,
      description:
        'How often repeated-stratified-kfold divides the rows; the folds of repeat r are numbered from r × folds. Predictions for a row ' +
        'are averaged over the repeats. Default of that strategy: 2.',
    }),
  ),
  size: nullable(
    number({
      examples: [0.1],
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: 'The share of the rows, or with group_by of the groups, that holdout validates on. Default of that strategy: 0.2.',
    }),
  ),
  column: nullable(
    text({
      examples: ['fold'],
      description:
        'Column of data.train for predefined: its value is the number of the fold in which the row is validated, from 0; -1 or nothing: ' +
        'the row is always trained on.',
    }),
  ),
  order: nullable(
    text({
      examples: ['date'],
      description:
        'Column of data.train by which time-series sorts the rows: numbers, or dates such as 2024-01-31 or 2024-01-31T18:30:00Z; without ' +
        'a zone they are taken as UTC.',
    }),
  ),
  gap: nullable(
    integer({
      examples: [7],
      minimum: 0,
      description: 'Rows before those of a fold that time-series does not train it on. Default of that strategy: 0.',
    }),
  ),
  shuffle: flag({
    default: true,
    description:
      'Shuffle the rows before dividing them. Without it, holdout takes the last rows. time-series and predefined never shuffle.',
  }),
  group_by: nullable(
    text({
      examples: ['text'],
      description:
        'Rows that stay in one fold: text for rows with the same text, or the name of a column for rows with the same value there; ' +
        'null: each row by itself. For kfold, stratified-kfold, repeated-stratified-kfold and holdout.',
    }),
  ),
  seed: nullable(
    integer({ examples: [7], minimum: 0, maximum: 2 ** 32 - 1, description: "Seed of the shuffle; null: the experiment's seed." }),
  ),
  bins: nullable(
    integer({
      examples: [20],
      minimum: 2,
      description:
        'Number of ranges with equally many rows into which stratified strategies and holdout divide the target of regression, or the ' +
        'mean rank of several targets. Default of regression: 10.',
    }),
  ),
  only: nullable(
    list(integer({ minimum: 0, description: 'Number of a fold, from 0.' }), {
      examples: [[0]],
      minItems: 1,
      description:
        'Folds to train, for a first look at a long experiment; null: all. The others can follow later, and nothing is trained twice.',
    }),
  ),
});

import { choice, flag, integer, list, nullable, object, text } from '../schema/schema.ts';

export const split = object('How rows are divided into folds.', {
  strategy: choice(['stratified-kfold', 'kfold'], {
    default: 'stratified-kfold',
    description:
      'stratified-kfold keeps the shares of the classes equal in all folds, for regression those of `bins` ranges of the target; kfold ' +
      'does not. Default of multi-label: kfold.',
  }),
  folds: integer({ default: 5, examples: [10], minimum: 2, description: 'Number of folds. One model is trained for each.' }),
  shuffle: flag({ default: true, description: 'Shuffle the rows before dividing them.' }),
  group_by: nullable(
    text({
      examples: ['text'],
      description:
        'Rows that stay in one fold: text for rows with the same text, or the name of a column for rows with the same value there; ' +
        'null: each row by itself.',
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
        'Number of ranges with equally many rows into which stratified-kfold divides the target of regression, or the mean rank of ' +
        'several targets. Default of regression: 10.',
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

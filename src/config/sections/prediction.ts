import { choice, object } from '../schema/schema.ts';

export const prediction = object('How new texts are predicted.', {
  models: choice(['folds', 'all', 'both'], {
    default: 'folds',
    examples: ['both'],
    description:
      'Whose mean predicts: the models of the folds, the models trained on all rows (training.refit), or both, each model with the same ' +
      'weight.',
  }),
});

import { flag, integer, object, text, type SchemaNode, type Value } from './schema/schema.ts';
import { data } from './sections/data.ts';
import { model } from './sections/model.ts';
import { prediction } from './sections/prediction.ts';
import { resources } from './sections/resources.ts';
import { split } from './sections/split.ts';
import { task } from './sections/task.ts';
import { tracking } from './sections/tracking.ts';
import { training } from './sections/training.ts';

/** The one definition of an experiment: types, defaults, help text and validation follow from it. */
export const experimentDefinition = object('An experiment: data in, a trained and evaluated text classifier out.', {
  name: text({
    maxLength: 100,
    pattern: '^(?!.*\\.\\.)[\\p{L}\\p{N}_][\\p{L}\\p{N}_.+=@,-]*(?<!\\.)$',
    patternErrorMessage: 'a folder name of letters, digits and . _ - + = @ , (at most 100, no ..)',
    examples: ['bert-1dense'],
    description: 'Name of the run and its folder. It is not inherited through extends. Default: the name of the file.',
  }),
  pipeline: text({
    default: 'text-classification',
    examples: ['pipelines/mine.yaml'],
    description: 'The stages that run: the name of a file in pipelines/, or the path of a YAML file.',
  }),
  seed: integer({
    default: 42,
    examples: [7],
    minimum: 0,
    maximum: 2 ** 32 - 1,
    description: 'Seed of every random choice: folds, weights, dropout, order of the rows.',
  }),
  task,
  data,
  model,
  split,
  training,
  baseline: flag({
    default: true,
    description:
      'Measure TF-IDF of words and pairs of words with a linear model on the same folds (baseline/oof/…), which takes seconds. Tables of ' +
      'more than 200,000 rows have none.',
  }),
  prediction,
  resources,
  tracking,
});

/** A complete experiment: everything filled in. */
export type Experiment = Value<typeof experimentDefinition>;

/** What one YAML file may hold: any part of an experiment, and the layers it builds on. */
export const layerSchema: SchemaNode = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'ortrain experiment',
  ...(experimentDefinition as SchemaNode),
  properties: {
    extends: {
      type: ['string', 'array'],
      minLength: 1,
      examples: ['base/disaster-tweets.yaml'],
      items: { type: 'string', minLength: 1, description: 'Path of a YAML file.' },
      description:
        'Files to build on, relative to this one. Later ones override earlier ones, and this file overrides all. Lists are ' +
        'replaced as a whole. Where a layer changes the name of the schedule or the optimizer, keys that the new one does not have ' +
        'are dropped.',
    },
    ...experimentDefinition.properties,
  },
};

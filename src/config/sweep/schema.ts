import { experimentDefinition } from '../experiment.ts';
import { runMetrics } from '../metric-names.ts';
import type { SchemaNode } from '../schema/schema.ts';
import { launchDefinition } from './launch.ts';
import { choice, dotted, integer, isPathOr, nullable, object, pathsOf, schemaAt, text, typesOf, wordOr } from '../schema/schema.ts';

/** A sweep without its parameters, whose keys are the paths of the configuration. */
export const sweepDefinition = object('A sweep: one configuration, and values to try in it.', {
  name: nullable(
    text({
      maxLength: 60,
      pattern: '^[\\p{L}\\p{N}_][\\p{L}\\p{N}_-]*$',
      patternErrorMessage: 'letters, digits, - and _',
      examples: ['heads'],
      description: "Name of the sweep's folder, with which the names of its runs begin; null: the name of the file.",
    }),
  ),
  base: text({
    examples: ['../quickstart.yaml'],
    description: 'The configuration that the values are put into: a path relative to this file.',
  }),
  strategy: choice(['grid', 'random', 'tpe'], {
    default: 'grid',
    examples: ['tpe'],
    description:
      'grid runs every combination of the values; random draws combinations at random; tpe draws the first 10 at random, and each later ' +
      'one where good trials are dense and bad ones are not.',
  }),
  pruning: choice(['none', 'median', 'folds', 'asha'], {
    default: 'none',
    examples: ['asha'],
    description:
      'Which trials stop early. none: no trial; median: one whose best score up to an epoch is worse than the median of the complete ' +
      'trials at that epoch; folds: one that loses to the best trial on the same folds; asha: after epochs 1, 3, 9, … only the best ' +
      'third of the trials that came so far is trained further. docs/sweeps.md describes each rule.',
  }),
  trials: integer({
    default: 10,
    examples: [20],
    minimum: 1,
    maximum: 1000,
    description: 'Number of combinations that the strategies random and tpe draw.',
  }),
  seed: integer({
    default: 42,
    examples: [7],
    minimum: 0,
    maximum: 2 ** 32 - 1,
    description: 'Seed of what the strategies random and tpe draw.',
  }),
  metric: nullable(
    wordOr(runMetrics.words, runMetrics.pattern, {
      examples: ['oof/accuracy'],
      patternErrorMessage: 'a metric of the task as oof/<metric> or cv/<metric>/mean, such as oof/loss',
      description:
        'The metric that ranks the runs: oof/<metric> or cv/<metric>/mean with a metric of the task. null: the one by which the task ' +
        'chooses its best epochs by default, such as oof/f1_macro for classification.',
    }),
  ),
  launch: launchDefinition,
});

/** Paths of what a sweep can change: every value, and the objects that can be null or a path. */
export function parameterPaths(): readonly string[] {
  const isValue = (path: readonly string[]): boolean => {
    const schema = schemaAt(experimentDefinition, path);
    return schema?.properties === undefined || isPathOr(schema) || typesOf(schema).includes('null');
  };
  return pathsOf(experimentDefinition)
    .filter(isValue)
    .map(dotted)
    .filter((path) => path !== 'name');
}

/** The JSON Schema of sweep files, for editors and for the check. */
export const sweepSchema: SchemaNode = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'ortrain sweep',
  ...(sweepDefinition as SchemaNode),
  properties: {
    ...sweepDefinition.properties,
    parameters: {
      type: 'object',
      description: 'What to try: the path of each parameter with a list of values or, for the strategies random and tpe, a range.',
      properties: Object.fromEntries(
        parameterPaths().map((path) => [path, choices(schemaAt(experimentDefinition, path.split('.')) as SchemaNode)]),
      ),
      additionalProperties: false,
    },
  },
};

/** A list of values of a parameter; for numbers also a range. */
function choices(parameter: SchemaNode): SchemaNode {
  const number = typesOf(parameter).find((type) => type === 'number' || type === 'integer');
  const list: SchemaNode = {
    type: 'array',
    items: parameter,
    minItems: 1,
    ...(parameter.description === undefined ? {} : { description: parameter.description }),
  };
  if (number === undefined) return list;
  const bound = (description: string): SchemaNode => ({ type: number, description });
  return {
    ...list,
    type: ['array', 'object'],
    properties: {
      min: bound('The smallest value.'),
      max: bound('The largest value.'),
      scale: choice(['linear', 'log'], { default: 'linear', description: 'log: every order of magnitude is equally likely.' }),
    },
    additionalProperties: false,
  };
}

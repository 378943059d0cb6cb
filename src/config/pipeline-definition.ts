import { choice, list, nullable, object, text } from './schema/schema.ts';

/** The one definition of a pipeline file. */
export const pipelineDefinition = object('A pipeline: stages in the order in which they run.', {
  name: text({ examples: ['text-classification'], description: 'The name that experiments use.' }),
  stages: list(
    object('A stage.', {
      stage: text({ examples: ['train'], description: 'Name of the stage.' }),
      foreach: nullable(choice(['fold'], { description: 'fold: once for each fold; null: once.' })),
      when: nullable(
        text({
          examples: ['data.test'],
          description:
            'A path of the configuration, or several with `or` between them. The stage runs only where one of the values is neither ' +
            'null, false, 0 nor empty.',
        }),
      ),
    }),
    { minItems: 1, description: 'The stages, in order.' },
  ),
});

import { defineCommand } from '../command.ts';
import { choiceOr } from '../options.ts';

/** Prints the JSON Schema of a file that a person writes. */
export const schema = defineCommand({
  name: 'schema',
  summary: 'print the JSON Schema of configurations or sweeps',
  description: 'Editors check and complete a YAML file with it.',
  arguments: {},
  options: { of: choiceOr('kind', ['experiment', 'sweep'], 'experiment', 'the kind of file') },
  examples: [
    { line: 'pipeline schema > experiment.schema.json', purpose: 'Save the schema for an editor.' },
    { line: 'pipeline schema --of sweep', purpose: 'Show every key of a sweep, and every parameter that can be swept.' },
  ],
  async run({ of }) {
    const { fileSchemas } = await import('../../config/index.ts');
    const data = fileSchemas[of];
    return { data, text: JSON.stringify(data, null, 2), verbatim: true };
  },
});

import { oneOrMore } from '../arguments.ts';
import { defineCommand } from '../command.ts';

/**
 * Finds everything that is wrong with configurations, their data and a model that is a directory, and what is worth knowing
 * about the data, without a device or a run folder.
 */
export const check = defineCommand({
  name: 'check',
  summary: 'find everything that is wrong with configurations and their data',
  description: 'It also reports findings about the data: repeated and contradicting texts, leaks, rare classes, cut texts.',
  readsConfiguration: true,
  arguments: { config: oneOrMore('configurations (YAML files)', 'file') },
  options: {},
  examples: [{ line: 'pipeline check configs/quickstart.yaml', purpose: 'Check a configuration, its tables and its model.' }],
  async run({ config: files }, context) {
    const { checkAll } = await import('../../index.ts');
    const { checkedText } = await import('../render/checked.ts');
    const { surroundings } = await import('../surroundings.ts');
    const { set, terminal } = context;
    const inspected = await checkAll(files, { ...surroundings(context), overrides: set });
    const checked = inspected.map((each, i) => ({ config: files[i] ?? '', ...each }));
    return {
      data: { ok: true, checked: checked.map(({ config, rows, task, ...others }) => ({ config, rows, ...task, ...others })) },
      text: checkedText(checked, terminal.colors),
    };
  },
});

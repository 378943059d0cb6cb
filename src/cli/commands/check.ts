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
  async run({ config: files }, { set, terminal }) {
    const { inspectExperiments } = await import('../../runner/check/index.ts');
    const { loadExperiments } = await import('../../runner/load-experiments.ts');
    const { checkedText } = await import('../render/checked.ts');
    const inspected = await inspectExperiments(loadExperiments(files, { set }).map(({ experiment }) => experiment));
    const checked = inspected.map((each, i) => ({ config: files[i] ?? '', ...each }));
    return {
      data: { ok: true, checked: checked.map(({ config, rows, task, ...others }) => ({ config, rows, ...task, ...others })) },
      text: checkedText(checked, terminal.colors),
    };
  },
});

import { one } from '../arguments.ts';
import { defineCommand } from '../command.ts';

/** Says in what two runs differ, and why their results do. */
export const diff = defineCommand({
  name: 'diff',
  summary: 'say how two runs differ: configuration, data, versions, machine, results, and why',
  arguments: { run: one('name or folder of a run', 'run'), other: one('name or folder of another', 'run') },
  options: {},
  examples: [{ line: 'pipeline diff bert-1dense bert-3dense', purpose: 'Find out why two runs have different results.' }],
  async run({ run, other }, { artifacts, terminal }) {
    const { readRun } = await import('../../runner/stored/index.ts');
    const { diffRuns } = await import('../../tracking/comparison/index.ts');
    const { diffText } = await import('../render/diff.ts');
    const found = await diffRuns(readRun(artifacts, run), readRun(artifacts, other));
    return { data: found, text: diffText(found, terminal.colors) };
  },
});

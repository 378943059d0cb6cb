import { defineCommand } from '../command.ts';

/** Lists the runs, the newest last. */
export const runs = defineCommand({
  name: 'runs',
  summary: 'list the runs',
  description: 'The newest run is the last one.',
  arguments: {},
  options: {},
  examples: [
    { line: 'pipeline runs', purpose: 'List the runs in artifacts/runs.' },
    { line: 'pipeline runs --artifacts /mnt/shared/artifacts', purpose: 'List the runs of another artifacts folder.' },
  ],
  async run(_given, { artifacts, terminal }) {
    const { listRuns } = await import('../../runner/stored/index.ts');
    const { runList } = await import('../render/run/list.ts');
    const stored = listRuns(artifacts);
    return { data: { runs: stored }, text: runList(stored, artifacts, terminal.colors) };
  },
});

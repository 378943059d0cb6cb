import { anyNumber } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../options.ts';

/** Brings MLflow up to the journals of runs: the given ones, or all whose configuration asks for it. */
export const sync = defineCommand({
  name: 'sync',
  summary: 'send runs to MLflow, as far as it does not have them yet',
  description: 'Without names it sends all runs whose configuration has tracking.mlflow.',
  arguments: { run: anyNumber('names or folders of the runs', 'run') },
  options: { anew: flag('send everything again') },
  examples: [
    { line: 'pipeline sync', purpose: 'Send what a slow or unreachable server has missed.' },
    { line: 'pipeline sync quickstart', purpose: 'Send a run that was not tracked.' },
  ],
  async run({ run: names, anew }, { artifacts, terminal, takeInterrupts }) {
    const { asksForMlflow, readRun, serverOf, soundRuns, syncRuns } = await import('../../runner/stored/index.ts');
    const { syncTable } = await import('../render/synced.ts');
    const runs =
      names.length > 0 ? names.map((name) => readRun(artifacts, name)) : soundRuns(artifacts, terminal.log).filter(asksForMlflow);
    if (runs.length === 0) return { data: { runs: [] }, text: 'no run has tracking.mlflow; name the runs to send: pipeline sync <run…>' };
    const targets = runs.map((run) => ({ run, server: serverOf(run) }));
    const synced = await syncRuns(targets, { anew, signal: takeInterrupts(), log: terminal.log });
    return { data: { runs: synced }, text: syncTable(synced, terminal.colors) };
  },
});

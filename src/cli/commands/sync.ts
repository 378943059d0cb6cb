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
  async run({ run: names, anew }, context) {
    const { readRun } = await import('../../runner/index.ts');
    const { asksForMlflow, serverOf, soundRuns, syncRuns } = await import('../mlflow-runs.ts');
    const { syncTable } = await import('../render/synced.ts');
    const runs = names.length > 0 ? names.map((name) => readRun(context.artifacts, name)) : soundRuns(context).filter(asksForMlflow);
    if (runs.length === 0) return { data: { runs: [] }, text: 'no run has tracking.mlflow; name the runs to send: pipeline sync <run…>' };
    const targets = runs.map((run) => ({ run, server: serverOf(run) }));
    const synced = await syncRuns(targets, { anew, signal: context.takeInterrupts(), log: context.terminal.log });
    return { data: { runs: synced }, text: syncTable(synced, context.terminal.colors) };
  },
});

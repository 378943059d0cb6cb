import { oneOrMore } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { repeatable, text } from '../options.ts';
import type { RunOutcome } from '../../index.ts';
import type { FinishedRun } from '../render/run/finished.ts';

/** What `run` and `plan` can be told of a run. */
export const runOptions = {
  until: text('stage', 'stop after this stage', { completion: 'stage' }),
  force: repeatable('stage', 'run this stage again although the cache has its output', { completion: 'stage' }),
  name: text('run name', 'name of the run and its folder', { otherwise: "the configuration's name" }),
};

/** Runs experiments one after the other. The first that fails ends it; what was done before stays and is reported. */
export const run = defineCommand({
  name: 'run',
  summary: 'run experiments one after the other and compare them',
  description: 'A stage whose output is in the cache does not run again; the same command resumes an interrupted run.',
  readsConfiguration: true,
  arguments: { config: oneOrMore('configurations (YAML files)', 'file') },
  options: runOptions,
  examples: [
    { line: 'pipeline run configs/quickstart.yaml', purpose: 'Train, evaluate and predict as the configuration says.' },
    { line: 'pipeline run a.yaml b.yaml', purpose: 'Run two experiments and compare them.' },
    { line: "pipeline run a.yaml --set 'split.only=[0]'", purpose: 'Train one fold for a first look.' },
  ],
  async run({ config: files, ...limits }, context) {
    const { runAll } = await import('../../index.ts');
    const { terminalObserver } = await import('../progress/observer.ts');
    const { namingExperiment } = await import('../render/error.ts');
    const { comparisonText, finishedRunText, withRecord } = await import('../render/run/finished.ts');
    const { provenance, surroundings } = await import('../surroundings.ts');
    const { set, device, terminal, takeInterrupts } = context;
    const signal = takeInterrupts();
    const finished: FinishedRun[] = [];
    const observer = {
      ...terminalObserver(terminal, signal),
      onOutcome(outcome: RunOutcome, number: number): void {
        if ('error' in outcome) return;
        finished.push(withRecord(outcome.run));
        terminal.result(`${number > 0 ? '\n' : ''}${finishedRunText(finished[number]!, terminal.colors)}`);
      },
    };
    const given = { ...surroundings(context), ...provenance(context), overrides: set, device, signal, observer, ...limits };
    const outcomes = await runAll(files, given);
    const { comparison, text: shown } = await comparisonText(outcomes, terminal.colors);
    const data = { runs: finished.map((each, i) => ({ config: files[i], ...each })), comparison };
    const failed = outcomes.findIndex((outcome) => 'error' in outcome);
    const failure = outcomes[failed];
    if (failure === undefined || !('error' in failure)) return { data, text: shown };
    return { data, text: shown, error: files.length === 1 ? failure.error : namingExperiment(failure.error, files[failed] ?? '') };
  },
});

import { one } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import type { SweepOutcome } from '../../index.ts';
import { choice, flag, wholeNumber } from '../options.ts';

/**
 * Runs every experiment of a sweep, the shared stages once, and ranks the runs. A member whose training fails does not end the
 * others; the same command again does only what is missing.
 */
export const sweep = defineCommand({
  name: 'sweep',
  summary: 'run every experiment of a sweep, rank them, and write a report',
  description: 'Stages that experiments share run once. The same command again runs only what is missing.',
  readsConfiguration: true,
  arguments: { file: one('the sweep (a YAML file with base and parameters)', 'file') },
  options: {
    dryRun: flag('only list the experiments'), failFast: flag('stop after the first experiment that fails'),
    launch: choice('engine', ['none', 'local', 'slurm', 'ray'], 'have its jobs done by workers that this engine starts', {
      otherwise: 'launch.engine of the sweep',
    }),
    workers: wholeNumber('number', 'how many workers are started', { otherwise: 'launch.workers of the sweep' }),
    top: wholeNumber('number', 'print only the names of the best runs, so many, one per line'),
  },
  examples: [
    { line: 'pipeline sweep configs/sweeps/quickstart-heads.yaml', purpose: 'Run its experiments and rank them.' },
    { line: 'pipeline sweep sweep.yaml --top 5', purpose: 'Print the names of its five best runs.' },
    { line: 'pipeline sweep sweep.yaml --launch slurm --workers 8', purpose: 'Have its jobs done by eight jobs of Slurm.' },
  ],
  async run({ file, dryRun, failFast, launch: engine, workers, top }, context) {
    const { loadRunnableSweep } = await import('../../runner/load-experiments.ts');
    const { scoreOf } = await import('../../runner/search/index.ts');
    const { sweep: runSweep } = await import('../../index.ts');
    const { provenance, surroundings } = await import('../surroundings.ts');
    const { terminalObserver } = await import('../progress/observer.ts');
    const { askedLaunch, isLaunched, launchedObserver, queueLines } = await import('../progress/launched.ts');
    const { memberList, rankingText } = await import('../render/sweep.ts');
    const { duration, metric } = await import('../render/layout/text.ts');
    const { set, device, terminal, takeInterrupts } = context;
    const loaded = loadRunnableSweep(file, set);
    const { members } = loaded;
    if (dryRun) {
      const listed = members.map((member) => ({ name: member.loaded.experiment.name, values: member.values }));
      const { name, base, metric: by, mode } = loaded;
      return { data: { sweep: name, base, metric: by, mode, members: listed }, text: memberList(loaded, terminal.colors) };
    }
    const launch = askedLaunch({ engine, workers });
    const signal = takeInterrupts();
    const observer = {
      ...(isLaunched(loaded, launch) ? launchedObserver : terminalObserver)(terminal, signal),
      onOutcome(outcome: SweepOutcome, number: number): void {
        const place = `${number + 1} of ${loaded.trials}: ${outcome.loaded.experiment.name}`;
        if ('error' in outcome) return terminal.log(`${place} · failed`);
        if ('pruned' in outcome) return terminal.log(`${place} · pruned: ${outcome.pruned}`);
        const { metrics, seconds } = outcome.run;
        terminal.log(`${place} · ${loaded.metric} ${metric(scoreOf(metrics, loaded.metric))} · ${duration(seconds)}`);
      },
    };
    const launching = { launch, onLaunch: queueLines(terminal.log) };
    const given = { ...surroundings(context), ...provenance(context), overrides: set, device, signal, observer, failFast, ...launching };
    const { document, error } = await runSweep(file, given);
    const failed = error === undefined ? {} : { error };
    if (top === undefined) return { data: document, text: rankingText(loaded, document, terminal.colors), ...failed };
    const best = document.ranking.flatMap(({ run, score }) => (score === null ? [] : [run])).slice(0, top);
    return { data: { ...document, top: best }, text: best.join('\n'), ...failed };
  },
});

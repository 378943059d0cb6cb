import { oneOrMore } from '../arguments.ts';
import { defineCommand } from '../command.ts';
import { flag } from '../options.ts';
import { runOptions } from './run.ts';

/** Shows what `run`, or `sweep`, would do with the same arguments and options, and what it would take. */
export const plan = defineCommand({
  name: 'plan',
  summary: 'show what a run would do and take: stages and why, exact steps and tokens, memory, disk, time',
  description: 'It takes sweeps as well. The time comes from earlier runs on this machine, or from --probe.',
  readsConfiguration: true,
  arguments: { config: oneOrMore('configurations or sweeps (YAML files)', 'file') },
  options: { probe: flag('time a few batches now, for at most about 20 s, instead of using earlier runs'), ...runOptions },
  examples: [
    { line: 'pipeline plan configs/quickstart.yaml', purpose: 'Show steps, memory, disk and time of a run.' },
    { line: 'pipeline plan configs/quickstart.yaml --probe', purpose: 'Estimate the time where nothing like it has run here yet.' },
    { line: 'pipeline plan configs/sweeps/quickstart-heads.yaml', purpose: 'Sum up all experiments of a sweep.' },
  ],
  async run({ config: files, ...options }, context) {
    const { isSweep } = await import('../../config/index.ts');
    const { planAll } = await import('../../index.ts');
    const { planText, sumText } = await import('../render/plan.ts');
    const { surroundings } = await import('../surroundings.ts');
    const { set, device, terminal } = context;
    const given = { ...surroundings(context), overrides: set, device, onNotice: terminal.log, ...options };
    const { plans, together } = await planAll(files, given);
    // The jobs of each member of a sweep would be more than anybody reads.
    const texts = files.some(isSweep) ? [] : plans.map((each) => planText(each, terminal.colors));
    const sum = plans.length > 1 || texts.length === 0 ? [sumText(plans, together, terminal.colors)] : [];
    return { data: { plans, together }, text: [...texts, ...sum].join('\n\n') };
  },
});

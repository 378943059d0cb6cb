import { planExperiment, type ExperimentPlan } from '../../runner/index.ts';
import type { Verb } from '../call.ts';
import { loadExperiments } from '../experiments.ts';
import { sections } from '../render/sections.ts';
import { left, table } from '../render/table.ts';
import { count, KEY_DIGITS, pathFromHere, plural, printable } from '../render/text.ts';
import type { Colors } from '../terminal.ts';
import type { RunFlags } from './run.ts';

/** Says what `run` would do with the same operands and flags. */
export const plan: Verb<RunFlags> = async (files, flags, call) => {
  const plans: ExperimentPlan[] = [];
  for (const loaded of loadExperiments(files, call.flags.set)) {
    plans.push(await planExperiment(loaded, { artifacts: call.flags.artifacts, device: call.flags.device, ...flags }));
  }
  return { data: { plans }, text: plans.map((each) => planText(each, call.terminal.colors)).join('\n\n') };
};

function planText({ run, folder, device, deviceInWords, tasks, totals }: ExperimentPlan, colors: Colors): string {
  const { rows, testRows, folds, epochs, steps } = totals;
  const todo = tasks.filter(({ cached }) => !cached).length;
  return sections(
    [
      { title: `${run} · into ${pathFromHere(folder)} · on ${device}`, lines: [taskTable(tasks, colors)] },
      { title: 'why', lines: whyLines(tasks) },
      {
        title: 'in all',
        lines: [
          `${plural(rows, 'row')} to train on, ${plural(testRows, 'row')} to predict`,
          `${plural(folds, 'fold')} of ${plural(epochs, 'epoch')}: ${plural(steps, 'step')}`,
          `${plural(tasks.length, 'task')}: ${count(todo)} to carry out, ${count(tasks.length - todo)} in the cache`,
          printable(deviceInWords),
        ],
      },
    ],
    colors,
  );
}

function taskTable(tasks: ExperimentPlan['tasks'], colors: Colors): string {
  return table(
    [left('task'), left('state'), left('key'), left('work')],
    tasks.map(({ id, cached, key, detail }) => [id, cached ? colors.dim('cached') : 'to do', colors.dim(key.slice(0, KEY_DIGITS)), detail.join(' · ')]),
    colors,
  );
}

/** Each reason once, after the tasks that it holds for. */
function whyLines(tasks: ExperimentPlan['tasks']): readonly string[] {
  const todo = tasks.filter(({ cached }) => !cached).map(({ id, why }) => ({ id, text: printable(why.join('; ')) }));
  return [...new Set(todo.map(({ text }) => text))].map((text) => `${todo.filter((task) => task.text === text).map(({ id }) => id).join(', ')}: ${text}`);
}

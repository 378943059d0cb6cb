import type { LoadedExperiment } from '../../config/index.ts';
import { aside } from '../../core/aside.ts';
import { moduleBeside } from '../../core/threads.ts';
import { hasLargeTables, planExperiment, type ExperimentPlan, type PlanOptions, type TokenCount } from '../../runner/index.ts';
import type { Verb } from '../call.ts';
import { loadExperiments } from '../experiments.ts';
import { sections } from '../render/sections.ts';
import { left, prose, right, table } from '../render/table.ts';
import { bytes, count, duration, KEY_DIGITS, pathFromHere, plural, printable } from '../render/text.ts';
import type { Colors } from '../terminal.ts';
import type { RunFlags } from './run.ts';

export interface PlanFlags extends RunFlags {
  readonly probe?: boolean;
}

/** Says what `run` would do with the same operands and flags, and what it would take. */
export const plan: Verb<PlanFlags> = async (files, { name, ...flags }, call) => {
  const plans: ExperimentPlan[] = [];
  for (const loaded of loadExperiments(files, { set: call.flags.set, name })) {
    if (flags.probe === true) call.terminal.note(`times a few batches of ${loaded.experiment.name}`);
    plans.push(await planned(loaded, { artifacts: call.flags.artifacts, device: call.flags.device, ...flags }));
  }
  return { data: { plans }, text: plans.map((each) => planText(each, call.terminal.colors)).join('\n\n') };
};

/** In a thread of its own where the tables are large; a probe trains, and a thread that trains cannot be ended. */
function planned(loaded: LoadedExperiment, options: PlanOptions): Promise<ExperimentPlan> {
  if (options.probe === true || !hasLargeTables(loaded.experiment)) return planExperiment(loaded, options);
  return aside(moduleBeside(import.meta.url, '../../runner/plan/plan'), 'planExperiment', [loaded, options]);
}

function planText(plan: ExperimentPlan, colors: Colors): string {
  const { run, folder, device, deviceInWords, share, tasks, totals } = plan;
  const { rows, testRows, folds, epochs, steps, tokens } = totals;
  const todo = tasks.filter(({ cached }) => !cached).length;
  return sections(
    [
      { title: `${run} · into ${pathFromHere(folder)} · on ${device}`, lines: [taskTable(tasks, colors)] },
      { title: 'why', lines: whyLines(tasks) },
      {
        title: 'in all',
        lines: [
          `${plural(rows, 'row')} to train on, ${plural(testRows, 'row')} to predict`,
          `${plural(folds, 'fold')} of ${plural(epochs, 'epoch')}: ${plural(steps, 'step')}${tokens === null ? '' : `, ${tokensText(tokens)}`}`,
          `${plural(tasks.length, 'task')}: ${count(todo)} to carry out, ${count(tasks.length - todo)} in the cache`,
          printable(deviceInWords),
          ...(share.lanes > 1 ? [`${plural(share.lanes, 'fold')} side by side, ${plural(share.threads, 'thread')} each`] : []),
        ],
      },
      { title: 'what is left takes about', lines: todo === 0 ? [] : estimateLines(plan) },
    ],
    colors,
  );
}

function estimateLines({ device, share, tasks, estimate }: ExperimentPlan): readonly string[] {
  const { peakBytes, seconds, source, atMost } = estimate;
  const most = tasks.find((task) => task.peakBytes === peakBytes)?.id ?? `${plural(share.lanes, 'fold')} side by side`;
  const memory = `${bytes(peakBytes ?? 0)} of memory, most of all ${most}`;
  if (seconds === null) return [memory, `unknown time: nothing like it has run on this machine${device === 'cpu' ? '; --probe times a few batches' : ` on ${device}, and --probe times the CPU only`}`];
  return [memory, `${duration(seconds)}${atMost ? ' at most, should no rule stop it earlier' : ''}${source === null ? '' : `, by speeds ${source}`}`];
}

function taskTable(tasks: ExperimentPlan['tasks'], colors: Colors): string {
  return table(
    [left('task'), left('state'), left('key'), right('memory'), right('time'), prose('work')],
    tasks.map(({ id, cached, key, peakBytes, seconds, detail, tokens }) => [
      id,
      cached ? colors.dim('cached') : 'to do',
      colors.dim(key.slice(0, KEY_DIGITS)),
      peakBytes === null ? '' : bytes(peakBytes),
      seconds === null ? '' : duration(seconds),
      [...detail, ...(tokens === null ? [] : [tokensText(tokens)])].join(' · '),
    ]),
    colors,
  );
}

function tokensText({ count: tokens, padding }: TokenCount): string {
  return `${plural(tokens, 'token')} and ${(100 * padding).toFixed(1)} % padding`;
}

/** Each reason once, after the tasks that it holds for. */
function whyLines(tasks: ExperimentPlan['tasks']): readonly string[] {
  const todo = tasks.filter(({ cached }) => !cached).map(({ id, why }) => ({ id, text: printable(why.join('; ')) }));
  return [...new Set(todo.map(({ text }) => text))].map((text) => `${todo.filter((task) => task.text === text).map(({ id }) => id).join(', ')}: ${text}`);
}

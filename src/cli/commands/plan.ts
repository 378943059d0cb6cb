import { isSweep, loadSweep, type LoadedExperiment } from '../../config/index.ts';
import { aside } from '../../core/aside.ts';
import { OrtrainError } from '../../core/errors.ts';
import { moduleBeside } from '../../core/threads.ts';
import { hasLargeTables, planExperiment, plannedTogether, type ExperimentPlan, type PlannedTogether, type PlanOptions, type TokenCount } from '../../runner/index.ts';
import type { Verb } from '../call.ts';
import { loadExperiments, requireReferences } from '../experiments.ts';
import { sections } from '../render/sections.ts';
import { left, prose, right, table } from '../render/table.ts';
import { bytes, count, duration, KEY_DIGITS, pathFromHere, plural, printable } from '../render/text.ts';
import type { Colors } from '../terminal.ts';
import type { RunFlags } from './run.ts';

export interface PlanFlags extends RunFlags {
  readonly probe?: boolean;
}

/** Says what `run`, or `sweep`, would do with the same operands and flags, and what it would take. */
export const plan: Verb<PlanFlags> = async (files, { name, ...flags }, call) => {
  const plans: ExperimentPlan[] = [];
  for (const loaded of plannedExperiments(files, name, call.flags.set)) {
    if (flags.probe === true) call.terminal.note(`times a few batches of ${loaded.experiment.name}`);
    plans.push(await planned(loaded, { artifacts: call.flags.artifacts, device: call.flags.device, ...flags }));
  }
  const together = plannedTogether(plans);
  const { colors } = call.terminal;
  // The tasks of each member of a sweep would be more than anybody reads.
  const texts = files.some(isSweep) ? [] : plans.map((each) => planText(each, colors));
  return { data: { plans, together }, text: [...texts, ...(plans.length > 1 || texts.length === 0 ? [togetherText(plans, together, colors)] : [])].join('\n\n') };
};

/** In a thread of its own where the tables are large; a probe trains, and a thread that trains cannot be ended. */
function planned(loaded: LoadedExperiment, options: PlanOptions): Promise<ExperimentPlan> {
  if (options.probe === true || !hasLargeTables(loaded.experiment)) return planExperiment(loaded, options);
  return aside(moduleBeside(import.meta.url, '../../runner/plan/plan'), 'planExperiment', [loaded, options]);
}

/** Those of the configurations, and the members of the sweeps, in the order of the operands. */
function plannedExperiments(files: readonly string[], name: string | undefined, set: readonly string[]): readonly LoadedExperiment[] {
  if (!files.some(isSweep)) return loadExperiments(files, { set, name });
  if (name !== undefined) throw new OrtrainError('usage', `--name ${name} would name every run of a sweep`, { remedy: 'Leave it out: a member is named by its values.' });
  return files.flatMap((file) => {
    if (!isSweep(file)) return loadExperiments([file], { set });
    const members = loadSweep(file, set).members.map(({ loaded }) => loaded);
    for (const loaded of members) requireReferences(loaded);
    return members;
  });
}

function togetherText(plans: readonly ExperimentPlan[], { tasks, todo, diskBytes, checkpointBytes }: PlannedTogether, colors: Colors): string {
  const rows = plans.map(({ run, tasks: own, estimate }) => [
    run,
    count(own.filter(({ cached }) => !cached).length),
    estimate.peakBytes === null ? '' : bytes(estimate.peakBytes),
    estimate.diskBytes === null ? '' : bytes(estimate.diskBytes),
    estimate.seconds === null ? '' : duration(estimate.seconds),
  ]);
  return sections(
    [
      { title: `${plural(plans.length, 'experiment')}, each by itself`, lines: [table([left('run'), right('tasks to do'), right('memory'), right('disk'), right('time')], rows, colors)] },
      {
        title: 'together, with what they share once',
        lines: [`${plural(tasks, 'task')}: ${count(todo)} to carry out, ${count(tasks - todo)} in the cache`, ...(todo === 0 ? [] : [diskText(diskBytes, checkpointBytes)])],
      },
    ],
    colors,
  );
}

function diskText(diskBytes: number, checkpointBytes: number): string {
  return `${bytes(diskBytes)} of disk that stay${checkpointBytes === 0 ? '' : `, and up to ${bytes(checkpointBytes)} for checkpoints while training lasts`}`;
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
  const { peakBytes, diskBytes, checkpointBytes, seconds, source, atMost } = estimate;
  const most = tasks.find((task) => task.peakBytes === peakBytes)?.id ?? `${plural(share.lanes, 'fold')} side by side`;
  const memory = `${bytes(peakBytes ?? 0)} of memory, most of all ${most}`;
  const disk = diskText(diskBytes ?? 0, checkpointBytes);
  if (seconds === null) return [memory, disk, `unknown time: nothing like it has run on this machine${device === 'cpu' ? '; --probe times a few batches' : ` on ${device}, and --probe times the CPU only`}`];
  return [memory, disk, `${duration(seconds)}${atMost ? ' at most, should no rule stop it earlier' : ''}${source === null ? '' : `, by speeds ${source}`}`];
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

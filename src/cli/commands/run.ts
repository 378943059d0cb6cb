import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Experiment, LoadedExperiment } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import type { Command } from '../../core/events.ts';
import { runExperiment, type RunnerOptions, type RunResult } from '../../runner/index.ts';
import { compareRuns, type Comparison } from '../../tracking/comparison/compare.ts';
import { readJournal } from '../../tracking/journal.ts';
import { experimentName } from '../../tracking/mlflow/server.ts';
import { openTracker } from '../../tracking/mlflow/tracker.ts';
import type { Call, Verb } from '../call.ts';
import { loadExperiments } from '../experiments.ts';
import type { LiveProgress } from '../progress/live.ts';
import { quietWhileDrawing } from '../progress/notices.ts';
import { plainProgress } from '../progress/plain.ts';
import { STOPPING } from '../progress/words.ts';
import { comparisonSections } from '../render/comparison.ts';
import { decisionLines, notedDecisions, type NotedDecision } from '../render/decisions.ts';
import { resultsTable } from '../render/results.ts';
import { sections } from '../render/sections.ts';
import { duration, pathFromHere } from '../render/text.ts';
import type { Terminal } from '../terminal.ts';

export interface RunFlags {
  readonly until?: string;
  readonly force?: readonly string[];
  readonly name?: string;
}

/** A run as the command reports it. */
type Reported = RunResult & { readonly config: string; readonly submission: string | null; readonly decisions: readonly NotedDecision[] };

/** Carries experiments out one after the other. The first that fails ends it; what was done before stays and is reported. */
export const run: Verb<RunFlags> = async (files, flags, call) => {
  if (flags.name !== undefined && files.length > 1) {
    throw new OrtrainError('usage', `--name ${flags.name} would name ${files.length} runs`, { remedy: 'Give it with one configuration, or leave it out: each run has its configuration’s name.' });
  }
  const experiments = loadExperiments(files, call.flags.set);
  const signal = call.takeInterrupts();
  const notices = quietWhileDrawing(call.terminal);
  const tracker = openTracker(process.env, notices.tell);
  const commands = commandsOf(experiments.map(({ experiment }) => experiment));
  const runs: Reported[] = [];
  const done: LoadedExperiment[] = [];
  try {
    for (const [i, loaded] of experiments.entries()) {
      const config = files[i] ?? '';
      const command = commands[i];
      const options = { signal, tracker, ...(command === undefined ? {} : { command }) };
      const reported = { config, ...report(await notices.heldBack(() => follow(loaded, flags, call, options))) };
      runs.push(reported);
      done.push(loaded);
      call.terminal.result(`${i > 0 ? '\n' : ''}${resultText(reported, call.terminal)}`);
    }
  } catch (error) {
    const failed = files[runs.length] ?? '';
    return { ...(await answer(runs, done, call.terminal)), error: files.length === 1 ? error : naming(error, failed) };
  } finally {
    await tracker.close();
  }
  return answer(runs, done, call.terminal);
};

type Following = Pick<RunnerOptions, 'tracker' | 'command'> & { readonly signal: AbortSignal };

async function follow(loaded: LoadedExperiment, flags: RunFlags, call: Call, following: Following): Promise<RunResult> {
  const { artifacts, device } = call.flags;
  const progress = await openProgress(loaded.experiment.name, following.signal, call.terminal);
  try {
    return await runExperiment(loaded, { artifacts, device, ...flags, ...following, commandLine: call.commandLine }, progress.listen);
  } finally {
    await progress.end();
  }
}

async function openProgress(name: string, signal: AbortSignal, terminal: Terminal): Promise<LiveProgress> {
  if (terminal.interactive && !terminal.quiet) return (await import('../progress/live.ts')).liveProgress(name, signal);
  const tell = (): void => terminal.note(STOPPING);
  signal.addEventListener('abort', tell);
  return { listen: plainProgress(terminal.note), end: async () => signal.removeEventListener('abort', tell) };
}

/** The command as each of its experiments knows it: those that go to one experiment on the tracking server are shown together. */
function commandsOf(experiments: readonly Experiment[]): readonly (Command | undefined)[] {
  const groups = experiments.map((experiment) => experimentName(experiment, process.env));
  const ids = new Map(groups.map((group) => [group, randomUUID()]));
  return groups.map((group) => {
    const members = experiments.filter((_, i) => groups[i] === group).map(({ name }) => name);
    return members.length < 2 ? undefined : { id: ids.get(group) ?? '', name: members.join(' · '), size: members.length };
  });
}

function report(result: RunResult): Omit<Reported, 'config'> {
  const submission = result.files.find((file) => file.endsWith('submission.csv')) ?? null;
  return { ...result, submission, decisions: notedDecisions(readJournal(join(result.folder, 'journal.jsonl'))) };
}

function resultText(result: Reported, { colors }: Terminal): string {
  const fromCache = result.cached === 0 ? '' : `, ${result.cached} from the cache`;
  const title = `${result.run} · done in ${duration(result.seconds)} · ${result.executed} of ${result.executed + result.cached} tasks carried out${fromCache}`;
  return sections(
    [
      { title, lines: result.metrics === null ? ['not evaluated'] : [resultsTable(result.metrics, colors)] },
      { title: 'decisions', lines: decisionLines(result.decisions) },
      { title: 'submission', lines: result.submission === null ? [] : [pathFromHere(result.submission)] },
      { title: 'files', lines: [`${pathFromHere(result.folder)}/`, ...(existsSync(result.folder) ? [readdirSync(result.folder).toSorted().join('  ')] : [])] },
    ],
    colors,
  );
}

async function answer(runs: readonly Reported[], done: readonly LoadedExperiment[], { colors }: Terminal): Promise<{ readonly data: unknown; readonly text: string }> {
  const compared: Comparison | null =
    runs.length < 2 ? null : await compareRuns(runs.map(({ run: name, folder, metrics }, i) => ({ name, folder, metrics, experiment: done[i]!.experiment })));
  const text = compared === null ? '' : `\n${sections(comparisonSections(compared, colors), colors)}`;
  return { data: { runs, comparison: compared }, text };
}

/** The same error, saying which of several experiments it belongs to. */
function naming(error: unknown, config: string): unknown {
  if (!(error instanceof OrtrainError)) return error;
  const { code, message, subject, remedy, problems, cause } = error;
  return new OrtrainError(code, `${config}: ${message}`, { problems, cause, ...(subject === undefined ? {} : { subject }), ...(remedy === undefined ? {} : { remedy }) });
}

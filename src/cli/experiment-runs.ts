import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Experiment, LoadedExperiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { sha256 } from '../core/hash.ts';
import type { Command, Listener, Notice, RunEvent } from '../core/events.ts';
import { runExperiment, type RunnerOptions, type RunResult } from '../runner/index.ts';
import { journalEntries } from '../tracking/journal.ts';
import { givenExperimentName } from '../tracking/mlflow/server.ts';
import { openTracker } from '../tracking/mlflow/tracker.ts';
import type { Call } from './call.ts';
import type { LiveProgress } from './progress/live.ts';
import { noticesOf, quietWhileDrawing } from './progress/notices.ts';
import { plainProgress } from './progress/plain.ts';
import { STOPPING } from './progress/words.ts';
import { notedDecisions, type NotedDecision } from './render/decisions.ts';
import type { Terminal } from './terminal.ts';

/** An experiment that a command carries out, and the file that it came from. */
export interface Asked {
  readonly loaded: LoadedExperiment;
  readonly config: string;
}

/** A run as a command reports it. */
export type Reported = RunResult & { readonly config: string; readonly submission: string | null; readonly decisions: readonly NotedDecision[] };

export type Outcome = { readonly asked: Asked; readonly run: Reported } | { readonly asked: Asked; readonly error: unknown };

export interface RunAllOptions extends Pick<RunnerOptions, 'until' | 'force'> {
  /** What a person calls the whole; the experiments' names where it is left out. */
  readonly commandName?: string;
  /** Whether the next experiment starts after one that failed. */
  goOnAfter(error: unknown): boolean;
  onDone?(run: Reported, number: number): void;
  onFailed?(asked: Asked, number: number): void;
}

/** Carries experiments out one after the other, with their progress on the terminal and their journals on the way to MLflow. */
export async function runAll(all: readonly Asked[], { commandName, goOnAfter, onDone, onFailed, ...flags }: RunAllOptions, call: Call): Promise<readonly Outcome[]> {
  const signal = call.takeInterrupts();
  const notices = quietWhileDrawing(call.terminal);
  const tracker = openTracker(process.env, notices.tell);
  const commands = commandsOf(all.map(({ loaded }) => loaded.experiment), commandName);
  const outcomes: Outcome[] = [];
  try {
    for (const [i, asked] of all.entries()) {
      const command = commands[i];
      const following = { signal, tracker, ...(command === undefined ? {} : { command }) };
      try {
        const run = { config: asked.config, ...report(await notices.heldBack(() => follow(asked.loaded, flags, call, following, notices.tell))) };
        outcomes.push({ asked, run });
        onDone?.(run, i);
      } catch (error) {
        outcomes.push({ asked, error });
        if (!goOnAfter(error)) break;
        onFailed?.(asked, i);
      }
    }
  } finally {
    await tracker.close();
  }
  return outcomes;
}

type Following = Pick<RunnerOptions, 'tracker' | 'command'> & { readonly signal: AbortSignal };

async function follow(loaded: LoadedExperiment, flags: Pick<RunnerOptions, 'until' | 'force'>, call: Call, following: Following, tell: Listener<Notice>): Promise<RunResult> {
  const { artifacts, device } = call.flags;
  const progress = await openProgress(loaded.experiment.name, following.signal, call.terminal, tell);
  try {
    return await runExperiment(loaded, { artifacts, device, ...flags, ...following, commandLine: call.commandLine }, progress.listen);
  } catch (error) {
    if (!(error instanceof OrtrainError && error.code === 'interrupted')) throw error;
    throw new OrtrainError('interrupted', `${error.message}; the same command goes on from here`, { cause: error });
  } finally {
    await progress.end();
  }
}

async function openProgress(name: string, signal: AbortSignal, terminal: Terminal, tell: Listener<Notice>): Promise<LiveProgress> {
  if (terminal.interactive && !terminal.quiet) {
    const live = (await import('./progress/live.ts')).liveProgress(name, signal);
    const listen: Listener<RunEvent> = (event) => {
      live.listen(event);
      noticesOf(tell)(event);
    };
    return { listen, end: live.end };
  }
  const sayStopping = (): void => terminal.note(STOPPING);
  signal.addEventListener('abort', sayStopping);
  return { listen: plainProgress(terminal.note), end: async () => signal.removeEventListener('abort', sayStopping) };
}

/**
 * The command as each of its experiments knows it: those that go to one experiment on the tracking server are shown together. That is the
 * one that a person named, else for all of them one of the command's name. A command with a name, a sweep, is shown with one experiment, too.
 */
function commandsOf(experiments: readonly Experiment[], name: string | undefined): readonly (Command | undefined)[] {
  const groups = experiments.map((experiment) => givenExperimentName(experiment, process.env));
  const ids = new Map(groups.map((group) => [group, randomUUID()]));
  return groups.map((group) => {
    const members = experiments.filter((_, i) => groups[i] === group).map((experiment) => experiment.name);
    return members.length < 2 && name === undefined ? undefined : { id: ids.get(group) ?? '', name: name ?? joined(members), size: members.length };
  });
}

/** `a · b · c`, or for many `a · b · 40 more · 1f3a7c`, which is the same for the same experiments. */
function joined(names: readonly string[]): string {
  const all = names.join(' · ');
  return all.length <= LONGEST_NAME ? all : `${names.slice(0, 2).join(' · ')} · ${names.length - 2} more · ${sha256(all).slice(0, 6)}`;
}

/** MLflow takes 500 characters; nobody reads them. */
const LONGEST_NAME = 240;

function report(result: RunResult): Omit<Reported, 'config'> {
  const submission = result.files.find((file) => file.endsWith('submission.csv')) ?? null;
  return { ...result, submission, decisions: notedDecisions(journalEntries(join(result.folder, 'journal.jsonl'))) };
}

/** The same error, saying which of several experiments it belongs to. */
export function naming(error: unknown, whose: string): unknown {
  if (!(error instanceof OrtrainError)) return error;
  const { code, message, subject, remedy, problems, cause } = error;
  return new OrtrainError(code, `${whose}: ${message}`, { problems, cause, ...(subject === undefined ? {} : { subject }), ...(remedy === undefined ? {} : { remedy }) });
}

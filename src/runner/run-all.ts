import { randomUUID } from 'node:crypto';
import type { Experiment, LoadedExperiment } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import type { Command, Listener, Notice, RunEvent } from '../core/events.ts';
import { sha256 } from '../core/hash.ts';
import { lookup } from '../core/values.ts';
import { variables } from '../core/variables.ts';
import { givenExperimentName, openTracker } from '../tracking/mlflow/index.ts';
import { namedMetrics } from '../tracking/index.ts';
import { runExperiment, type RunOptions, type RunResult } from './run.ts';

export type RunOutcome =
  { readonly loaded: LoadedExperiment; readonly run: RunResult } | { readonly loaded: LoadedExperiment; readonly error: unknown };

export interface RunAllOptions extends Omit<RunOptions, 'command' | 'tracker' | 'failed'> {
  readonly signal: AbortSignal;
  /** What a person calls the whole; the experiments' names where it is left out. */
  readonly commandName?: string;
  /** A metric in which the results of each are wanted, though it may not be among those that a run measures. */
  readonly metric?: string;
  /** How many experiments run at the same time; one where it is left out. */
  readonly atATime?: number;
  /** Whether the next experiment starts after one that failed. */
  continuesAfter(error: unknown): boolean;
}

/** Who watches several experiments. */
export interface RunsObserver {
  /** Opens what hears of an experiment's events; it is closed before the next one starts, whatever happens. */
  follow(experiment: Experiment): Promise<{ readonly listen: Listener<RunEvent>; end(): Promise<void> }>;
  /** Hears of the tracking server. */
  readonly onNotice: Listener<Notice>;
  onOutcome?(outcome: RunOutcome, number: number): void;
}

/**
 * Runs experiments one after the other, or several at a time, their journals on the way to MLflow. Outcomes in their order; those up to
 * the first that was not started, where one ended it all.
 */
export async function runAll(
  experiments: readonly LoadedExperiment[],
  { commandName, metric, atATime = 1, continuesAfter, ...options }: RunAllOptions,
  observer: RunsObserver,
): Promise<readonly RunOutcome[]> {
  const tracker = openTracker(variables(), observer.onNotice);
  const commands = commandsOf(
    experiments.map(({ experiment }) => experiment),
    commandName,
  );
  const outcomes: RunOutcome[] = [];
  const waiting = experiments.entries();
  let isOver = false;
  const lane = async (): Promise<void> => {
    for (const [i, loaded] of waiting) {
      const command = commands[i];
      const outcome = await outcomeOf(loaded, { ...options, tracker, ...(command === undefined ? {} : { command }) }, observer, metric);
      outcomes[i] = outcome;
      if ('error' in outcome && !continuesAfter(outcome.error)) isOver = true;
      else observer.onOutcome?.(outcome, i);
      if (isOver) return;
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atATime, experiments.length) }, lane));
  } finally {
    await tracker.close();
  }
  return outcomes;
}

/** Runs one experiment before the observer's eyes. */
export async function outcomeOf(
  loaded: LoadedExperiment,
  options: RunOptions,
  observer: RunsObserver,
  metric: string | undefined,
): Promise<RunOutcome> {
  try {
    const follower = await observer.follow(loaded.experiment);
    try {
      const run = await runExperiment(loaded, options, follower.listen);
      if (run.metrics === null || metric === undefined) return { loaded, run };
      return { loaded, run: { ...run, metrics: await namedMetrics(run.folder, run.metrics, metric) } };
    } finally {
      await follower.end();
    }
  } catch (error) {
    if (!(error instanceof OrtrainError && error.code === 'interrupted')) return { loaded, error };
    return { loaded, error: new OrtrainError('interrupted', `${error.message}; the same command continues from here`, { cause: error }) };
  }
}

/**
 * The command as each of its experiments knows it. Those that go to one experiment on the tracking server are shown together: the one
 * that a person named, else one with the command's name for all of them. A command with a name, a sweep, is shown for one experiment, too.
 */
function commandsOf(experiments: readonly Experiment[], name: string | undefined): readonly (Command | undefined)[] {
  const groups = experiments.map((experiment) => givenExperimentName(experiment, variables()));
  const ids = new Map(groups.map((group) => [group, randomUUID()]));
  return groups.map((group) => {
    const members = experiments.filter((_, i) => groups[i] === group).map((experiment) => experiment.name);
    if (members.length < 2 && name === undefined) return undefined;
    return { id: lookup(ids, group), name: name ?? joined(members), size: members.length };
  });
}

/** `a · b · c`, or for many `a · b · 40 more · 1f3a7c`, which is the same for the same experiments. */
function joined(names: readonly string[]): string {
  const all = names.join(' · ');
  return all.length <= LONGEST_NAME ? all : `${names.slice(0, 2).join(' · ')} · ${names.length - 2} more · ${sha256(all).slice(0, 6)}`;
}

/** MLflow takes 500 characters; nobody reads them. */
const LONGEST_NAME = 240;

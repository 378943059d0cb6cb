import type { LoadedExperiment, Sweep, SweepMember } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { trainedModels } from '../jobs/job-graph.ts';
import type { RunOutcome } from '../run-all.ts';
import { curveOf, epochsIn, partsOf, whyPruned, type Curve } from './race.ts';
import { scoreOf } from './score.ts';
import { suggest, type Ended } from './suggest.ts';
import type { Trial, TrialRunner } from './trial.ts';

/** A trial that was not trained to its end. */
export interface PrunedTrial {
  readonly loaded: LoadedExperiment;
  /** Why, as a phrase. */
  readonly pruned: string;
  readonly seconds: number;
}

/** What became of a trial. */
export type SweepOutcome = RunOutcome | PrunedTrial;

export interface TrialsDone {
  readonly members: readonly SweepMember[];
  readonly outcomes: readonly SweepOutcome[];
  readonly saved: Saved;
}

/** What pruning has saved: epochs of all folds and trials, those that were trained and those that there would have been without it. */
export interface Saved {
  readonly epochs: number;
  readonly without: number;
}

interface Done {
  readonly outcome: SweepOutcome;
  readonly ended: Ended;
  readonly curve: Curve | undefined;
  readonly epochs: number;
}

/**
 * Runs the trials of a sweep one after the other; fewer where one ended it all. What is decided follows from the trials before and the
 * seed alone, and each finds in the cache and its checkpoints what it has done already: so a sweep that was stopped at any moment, or has
 * more trials now, has the same trials again and trains what is missing.
 */
export async function runTrials(
  sweep: Sweep,
  runner: TrialRunner,
  { signal, failFast = false }: { readonly signal: AbortSignal; readonly failFast?: boolean },
  onOutcome: (outcome: SweepOutcome, number: number) => void,
): Promise<TrialsDone> {
  const members: SweepMember[] = [];
  const done: Done[] = [];
  try {
    for (let number = 0; number < sweep.trials; number += 1) {
      const member = nextMember(sweep, number, done);
      if (member === undefined) break;
      members.push(member);
      const each = await runTrial(sweep, { number, ...member }, runner, signal, done);
      done.push(each);
      const { outcome } = each;
      if ('error' in outcome && !(outcome.error instanceof OrtrainError && outcome.error.code === 'run')) break;
      onOutcome(outcome, number);
      if ('error' in outcome && failFast) break;
    }
  } finally {
    await runner.close();
  }
  const without = done.reduce((total, { outcome, epochs }) => total + ('pruned' in outcome ? wholeOf(outcome.loaded) : epochs), 0);
  const saved = { epochs: done.reduce((total, { epochs }) => total + epochs, 0), without };
  return { members, outcomes: done.map(({ outcome }) => outcome), saved };
}

function nextMember(sweep: Sweep, number: number, done: readonly Done[]): SweepMember | undefined {
  const fixed = sweep.members[number];
  if (fixed !== undefined || sweep.search === null) return fixed;
  const values = suggest(sweep, done.map(({ ended }) => ended));
  return values === undefined ? undefined : sweep.search.member(values);
}

async function runTrial(sweep: Sweep, trial: Trial, runner: TrialRunner, signal: AbortSignal, before: readonly Done[]): Promise<Done> {
  const { loaded, values } = trial;
  const failed = (error: unknown): Done => ({
    outcome: { loaded, error },
    ended: { values, state: 'failed', score: NaN, step: 0 },
    curve: undefined,
    epochs: 0,
  });
  const others = before.flatMap(({ curve }) => curve ?? []);
  let seconds = 0;
  try {
    for (const part of partsOf(sweep, trial)) {
      const result = await runner.run(trial, part, signal);
      if (result.kind === 'failed') return failed(result.error);
      if (result.kind === 'complete') throw new Error(`a part of trial ${trial.number} was asked for, and all of it done`);
      seconds += result.seconds;
      const curve = curveOf(sweep, result.training, NaN);
      const pruned = whyPruned(sweep, curve, part, others);
      if (pruned === undefined) continue;
      const score = part.epochs === undefined ? meanOf([...curve.folds.values()]) : (curve.epochs.get(part.epochs) ?? NaN);
      const ended: Ended = { values, state: 'pruned', score, step: part.epochs ?? part.folds.length };
      return { outcome: { loaded, pruned, seconds }, ended, curve, epochs: epochsIn(result.training) };
    }
    const result = await runner.run(trial, undefined, signal);
    if (result.kind === 'failed') return failed(result.error);
    if (result.kind === 'partial') throw new Error(`trial ${trial.number} was asked for as a whole, and done in part`);
    const { run } = result;
    const score = scoreOf(run.metrics, sweep.metric);
    const curve = sweep.pruning === 'none' ? undefined : curveOf(sweep, run.training, score);
    return { outcome: { loaded, run }, ended: { values, state: 'complete', score, step: 0 }, curve, epochs: epochsIn(run.training) };
  } catch (error) {
    return failed(error);
  }
}

/** The most epochs that a trial's folds may take. */
function wholeOf({ experiment }: LoadedExperiment): number {
  return trainedModels(experiment).length * experiment.training.epochs;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

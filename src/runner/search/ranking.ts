import { shownValue, type Sweep, type SweepMember } from '../../config/index.ts';
import { scoreOf } from './score.ts';
import type { SweepOutcome } from './run-trials.ts';

/** A member of a sweep and what came of it. */
export interface RankedMember {
  readonly run: string;
  readonly values: SweepMember['values'];
  /** Null where it failed or was not evaluated. */
  readonly score: number | null;
  readonly seconds: number | null;
  readonly folder: string | null;
  readonly error: string | null;
  /** Why it was not trained to its end; absent where it was. */
  readonly pruned?: string;
}

/** Best first, those without a result last. Members that were not started are left out. */
export function rankMembers(sweep: Sweep, outcomes: readonly SweepOutcome[]): readonly RankedMember[] {
  return outcomes.map((outcome, i) => memberOf(sweep, sweep.members[i] as SweepMember, outcome)).toSorted((a, b) => order(sweep, a, b));
}

/** Members that failed, were not evaluated or were not reached, by their values. */
export function reasonsWithoutResult(
  sweep: Sweep,
  outcomes: readonly SweepOutcome[],
): readonly { readonly label: string; readonly reason: string }[] {
  return sweep.members.flatMap(({ values }, i) => {
    const outcome = outcomes[i];
    const label = sweep.parameters.map((path) => `${path}: ${shownValue(values[path])}`).join(', ');
    if (outcome === undefined) return [{ label, reason: 'not started' }];
    if ('error' in outcome) return [{ label, reason: messageOf(outcome.error) }];
    if ('pruned' in outcome) return [{ label, reason: `pruned: ${outcome.pruned}` }];
    return outcome.run.metrics === null ? [{ label, reason: 'not evaluated' }] : [];
  });
}

function memberOf({ metric }: Sweep, { values, loaded }: SweepMember, outcome: SweepOutcome): RankedMember {
  if ('error' in outcome)
    return { run: loaded.experiment.name, values, score: null, seconds: null, folder: null, error: messageOf(outcome.error) };
  if ('pruned' in outcome) {
    const { pruned, seconds } = outcome;
    return { run: loaded.experiment.name, values, score: null, seconds, folder: null, error: null, pruned };
  }
  const { run, metrics, seconds, folder } = outcome.run;
  const score = scoreOf(metrics, metric);
  return { run, values, score: Number.isFinite(score) ? score : null, seconds, folder, error: null };
}

function order({ mode }: Sweep, a: RankedMember, b: RankedMember): number {
  if (a.score === null || b.score === null) return Number(a.score === null) - Number(b.score === null);
  return (mode === 'max' ? b.score - a.score : a.score - b.score) || a.run.localeCompare(b.run);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { figureIfMeasured } from '../../core/measures.ts';
import { shownValue, type Sweep, type SweepMember } from '../../config/index.ts';
import { summaryOf, type RunMetrics } from '../../tracking/index.ts';
import type { RunOutcome } from '../run-all.ts';

/** A member of a sweep and what came of it. */
export interface RankedMember {
  readonly run: string;
  readonly values: SweepMember['values'];
  /** Null where it failed or was not evaluated. */
  readonly score: number | null;
  readonly seconds: number | null;
  readonly folder: string | null;
  readonly error: string | null;
}

/** Best first, those without a result last. Members that were not started are left out. */
export function rankMembers(sweep: Sweep, outcomes: readonly RunOutcome[]): readonly RankedMember[] {
  return outcomes.map((outcome, i) => memberOf(sweep, sweep.members[i] as SweepMember, outcome)).toSorted((a, b) => order(sweep, a, b));
}

/** A metric of a run's summary, such as `oof/f1_macro`; NaN where it has none. */
export function scoreOf(metrics: RunMetrics | null, name: string): number {
  return metrics === null ? NaN : figureIfMeasured(summaryOf(metrics), name);
}

/** Members that failed, were not evaluated or were not reached, by their values. */
export function reasonsWithoutResult(
  sweep: Sweep,
  outcomes: readonly RunOutcome[],
): readonly { readonly label: string; readonly reason: string }[] {
  return sweep.members.flatMap(({ values }, i) => {
    const outcome = outcomes[i];
    const label = sweep.parameters.map((path) => `${path}: ${shownValue(values[path])}`).join(', ');
    if (outcome === undefined) return [{ label, reason: 'not started' }];
    if ('error' in outcome) return [{ label, reason: messageOf(outcome.error) }];
    return outcome.run.metrics === null ? [{ label, reason: 'not evaluated' }] : [];
  });
}

function memberOf({ metric }: Sweep, { values, loaded }: SweepMember, outcome: RunOutcome): RankedMember {
  if ('error' in outcome)
    return { run: loaded.experiment.name, values, score: null, seconds: null, folder: null, error: messageOf(outcome.error) };
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

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bareMetric, type Sweep } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { writeJsonAtomic } from '../../core/files.ts';
import { plural } from '../../core/text.ts';
import { lookup } from '../../core/values.ts';
import { openTask } from '../../tasks/index.ts';
import { compareRuns, type Comparison } from '../../tracking/comparison/index.ts';
import { checkData } from '../check/aside.ts';
import type { RunsObserver } from '../run-all.ts';
import { throwIfNoCurve } from './race.ts';
import { inProcessRunner, type InProcessOptions } from './in-process.ts';
import { rankMembers, reasonsWithoutResult, type RankedMember } from './ranking.ts';
import { runTrials, type Saved, type SweepOutcome } from './run-trials.ts';

/** What came of a sweep, as `sweep.json` keeps it. */
export interface SweepDocument {
  readonly sweep: string;
  readonly base: string;
  readonly metric: string;
  readonly mode: Sweep['mode'];
  /** Name of the best run; null where none has a result. */
  readonly best: string | null;
  readonly ranking: readonly RankedMember[];
  readonly verdict: string | null;
  readonly pairing: Comparison['pairing'] | null;
  /** Path of the page; null where no member has a result. */
  readonly report: string | null;
  /** What the rule has saved; absent without one. */
  readonly pruning?: Saved & { readonly rule: Sweep['pruning'] };
}

/** Who watches a sweep: hears of pruned trials, too. */
export type SweepObserver = Omit<RunsObserver, 'onOutcome'> & {
  onOutcome?(outcome: SweepOutcome, number: number): void;
};

export interface SweepResult {
  /** What `sweeps/<name>/sweep.json` holds. */
  readonly document: SweepDocument;
  /** An interrupt or an error that ended the sweep as it is; of failed members how many. */
  readonly error?: OrtrainError | Error;
}

/**
 * Runs every experiment of a sweep, the shared stages once, ranks the runs, and writes `sweeps/<name>/`. A member whose training fails
 * does not end the others. Throws where the runs could not be ranked by the metric.
 */
export async function runSweep(
  sweep: Sweep,
  { signal, failFast = false, ...options }: InProcessOptions & { readonly signal: AbortSignal; readonly failFast?: boolean },
  observer: SweepObserver,
): Promise<SweepResult> {
  await throwIfUnranked(sweep);
  const runner = inProcessRunner(sweep, options, observer);
  const tell = (outcome: SweepOutcome, number: number): void => observer.onOutcome?.(outcome, number);
  const { members, outcomes, saved } = await runTrials(sweep, runner, { signal, failFast }, tell);
  const done = { ...sweep, members: [...members, ...sweep.members.slice(members.length)] };
  const ranking = rankMembers(done, outcomes);
  const folder = resolve(options.artifacts, 'sweeps', sweep.name);
  mkdirSync(folder, { recursive: true });
  const { comparison, report } = await writeReport(done, outcomes, ranking, folder);
  const [best] = ranking;
  const document: SweepDocument = {
    sweep: sweep.name,
    base: sweep.base,
    metric: sweep.metric,
    mode: sweep.mode,
    best: best?.score === null ? null : (best?.run ?? null),
    ranking,
    verdict: comparison?.verdict ?? null,
    pairing: comparison?.pairing ?? null,
    report,
    ...(sweep.pruning === 'none' ? {} : { pruning: { rule: sweep.pruning, ...saved } }),
  };
  writeJsonAtomic(join(folder, 'sweep.json'), document);
  return { document, ...failureOf(sweep, outcomes) };
}

/** By a metric that the task does not measure no run could be ranked, and by one that training does not measure none pruned. */
async function throwIfUnranked(sweep: Sweep): Promise<void> {
  const { metric, members } = sweep;
  const [first] = members;
  if (first === undefined) return;
  const task = openTask((await checkData(first.loaded.experiment)).task);
  const unmeasured = task.unmeasured(bareMetric(metric));
  if (unmeasured === undefined) return throwIfNoCurve(sweep, task);
  throw new OrtrainError('config', `metric is ${metric}, which ${unmeasured.reason}`, {
    subject: 'metric',
    remedy: `Rank by ${metric.replace(bareMetric(metric), unmeasured.instead)}.`,
  });
}

/** Compares those runs that were evaluated, by the metric of the sweep, and writes its page. */
async function writeReport(
  sweep: Sweep,
  outcomes: readonly SweepOutcome[],
  ranking: readonly RankedMember[],
  folder: string,
): Promise<{ readonly comparison: Comparison | null; readonly report: string | null }> {
  const evaluated = outcomes.flatMap((outcome) => {
    if (!('run' in outcome) || outcome.run.metrics === null) return [];
    const { run: name, folder: of, metrics } = outcome.run;
    return [{ name, folder: of, metrics, experiment: outcome.loaded.experiment }];
  });
  if (evaluated.length === 0) return { comparison: null, report: null };
  const place = new Map(ranking.map(({ run }, i) => [run, i]));
  const runs = evaluated.toSorted((a, b) => lookup(place, a.name) - lookup(place, b.name));
  const comparison = await compareRuns(runs, sweep.metric);
  const { writeComparisonReport } = await import('../../tracking/report/index.ts');
  const report = join(folder, 'report.html');
  await writeComparisonReport(report, comparison, runs, {
    name: sweep.name,
    base: sweep.base,
    without: reasonsWithoutResult(sweep, outcomes),
  });
  return { comparison, report };
}

function failureOf(sweep: Sweep, outcomes: readonly SweepOutcome[]): Pick<SweepResult, 'error'> {
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
  const last = errors.at(-1);
  if (last === undefined) return {};
  if (!(last instanceof OrtrainError)) return { error: last instanceof Error ? last : new Error(String(last)) };
  if (last.code !== 'run') return { error: last };
  const message = `${errors.length} of ${plural(sweep.trials, 'experiment')} failed; the last with: ${last.message}`;
  return { error: new OrtrainError('run', message, { remedy: last.remedy ?? 'Take its values out of the sweep.', cause: last }) };
}

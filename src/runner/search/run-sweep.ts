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
import type { RunOutcome, RunsObserver } from '../run-all.ts';
import { inProcessRunner, type InProcessOptions } from './in-process.ts';
import { rankMembers, reasonsWithoutResult, type RankedMember } from './ranking.ts';
import type { TrialRunner } from './trial.ts';

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
}

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
  { signal, ...options }: InProcessOptions & { readonly signal: AbortSignal },
  observer: RunsObserver,
): Promise<SweepResult> {
  await throwIfUnranked(sweep);
  const outcomes = await runTrials(sweep, inProcessRunner(sweep, options, observer), signal, observer);
  const ranking = rankMembers(sweep, outcomes);
  const folder = resolve(options.artifacts, 'sweeps', sweep.name);
  mkdirSync(folder, { recursive: true });
  const { comparison, report } = await writeReport(sweep, outcomes, ranking, folder);
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
  };
  writeJsonAtomic(join(folder, 'sweep.json'), document);
  return { document, ...failureOf(sweep, outcomes) };
}

/** Outcomes in the order of the members; fewer where one ended it all. */
async function runTrials(
  { members }: Sweep,
  runner: TrialRunner,
  signal: AbortSignal,
  observer: Pick<RunsObserver, 'onOutcome'>,
): Promise<readonly RunOutcome[]> {
  const outcomes: RunOutcome[] = [];
  try {
    for (const [number, { loaded, values }] of members.entries()) {
      const result = await runner.run({ number, values, loaded }, undefined, signal);
      if (result.kind === 'partial') throw new Error(`the trial ${number} was done in part, and asked for as a whole`);
      const outcome = result.kind === 'failed' ? { loaded, error: result.error } : { loaded, run: result.run };
      outcomes.push(outcome);
      if ('error' in outcome && !(outcome.error instanceof OrtrainError && outcome.error.code === 'run')) break;
      observer.onOutcome?.(outcome, number);
    }
  } finally {
    await runner.close();
  }
  return outcomes;
}

/** By a metric that the task does not measure no run could be ranked. */
async function throwIfUnranked({ metric, members }: Sweep): Promise<void> {
  const [first] = members;
  if (first === undefined) return;
  const { task } = await checkData(first.loaded.experiment);
  const unmeasured = openTask(task).unmeasured(bareMetric(metric));
  if (unmeasured === undefined) return;
  throw new OrtrainError('config', `metric is ${metric}, which ${unmeasured.reason}`, {
    subject: 'metric',
    remedy: `Rank by ${metric.replace(bareMetric(metric), unmeasured.instead)}.`,
  });
}

/** Compares those runs that were evaluated, by the metric of the sweep, and writes its page. */
async function writeReport(
  sweep: Sweep,
  outcomes: readonly RunOutcome[],
  ranking: readonly RankedMember[],
  folder: string,
): Promise<{ readonly comparison: Comparison | null; readonly report: string | null }> {
  const evaluated = outcomes.flatMap((outcome) => {
    if ('error' in outcome || outcome.run.metrics === null) return [];
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

function failureOf(sweep: Sweep, outcomes: readonly RunOutcome[]): Pick<SweepResult, 'error'> {
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
  const last = errors.at(-1);
  if (last === undefined) return {};
  if (!(last instanceof OrtrainError)) return { error: last instanceof Error ? last : new Error(String(last)) };
  if (last.code !== 'run') return { error: last };
  const message = `${errors.length} of ${plural(sweep.members.length, 'experiment')} failed; the last with: ${last.message}`;
  return { error: new OrtrainError('run', message, { remedy: last.remedy ?? 'Take its values out of the sweep.', cause: last }) };
}

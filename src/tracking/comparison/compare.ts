import { valueAt } from '../../core/values.ts';
import { figureIfMeasured } from '../../core/measures.ts';
import { differing, validationPerTrainingRow, type Experiment } from '../../config/index.ts';
import { resampledInterval, type Interval } from '../../data/statistics/index.ts';
import { namedMetrics } from '../named-metric.ts';
import type { RunMetrics } from '../run-metrics.ts';
import { criterionOf, isSmallerBetter, scoreBy, sharedCriterion, type Criterion } from './criterion.ts';
import { readJudged } from './judged.ts';
import { pairJudged, type Pairing } from './pairing.ts';
import { verdict } from './verdict.ts';

/** A run to compare. */
export interface Compared {
  readonly name: string;
  readonly experiment: Experiment;
  /** Null where it has not been evaluated. */
  readonly metrics: RunMetrics | null;
}

/**
 * Runs side by side: the parameters in which they differ, and their results with the best of each row marked, where they are of the same
 * rows.
 */
export interface SideBySide {
  readonly runs: readonly string[];
  /** Path of the parameter to its value in each run. */
  readonly parameters: Readonly<Record<string, readonly unknown[]>>;
  readonly metrics: readonly ComparedMetric[];
}

/** Runs in the order of the metric that they are compared by. */
export interface Ranking {
  readonly metric: string;
  /** The name of that metric among those of the comparison. */
  readonly row: string;
  /** Positions of the runs, the best first; those without a result are left out. */
  readonly order: readonly number[];
}

/** Runs compared, and whether their difference is more than noise. */
export interface Comparison extends SideBySide {
  readonly ranking: Ranking;
  readonly pairing: Pairing;
  readonly verdict: string;
}

export interface ComparedMetric {
  /** `oof/accuracy`, `cv/accuracy` or `baseline/oof/accuracy`; standard deviation and interval come with the latter. */
  readonly name: string;
  readonly values: readonly (ComparedValue | null)[];
  /** Positions of the best runs; empty where there is nothing to compare. */
  readonly best: readonly number[];
}

export interface ComparedValue {
  readonly value: number;
  readonly sd: number | null;
  /** 95 % interval of the mean over folds, or of a figure on the rows to predict. */
  readonly interval: Interval | null;
}

type Stored = Compared & { readonly folder: string };

/**
 * Puts runs side by side and tests their difference; what that takes is read from their folders. They are compared by `metric`
 * (`oof/…`, `cv/…/mean`), or where nobody asks for one by what all of them chose their best epochs by.
 */
export async function compareRuns(all: readonly Stored[], metric?: string): Promise<Comparison> {
  const criterion = metric === undefined ? sharedCriterion(all) : criterionOf(metric);
  const runs: Stored[] = [];
  for (const run of all) runs.push({ ...run, metrics: run.metrics && (await namedMetrics(run.folder, run.metrics, criterion.metric)) });
  const { judged, setAside } = await readJudged(runs, criterion.metric);
  return comparisonOf(
    runs,
    pairJudged(judged, setAside, criterion),
    criterion,
    judged.length === runs.filter(({ metrics }) => metrics !== null).length,
  );
}

/** The comparison of runs that have been paired. `rowsAreKnown`: of all that have results. */
export function comparisonOf(
  runs: readonly Compared[],
  pairing: Pairing,
  criterion: Criterion = sharedCriterion(runs),
  rowsAreKnown = true,
): Comparison {
  const scoreOf = ({ metrics }: Compared): number => scoreBy(criterion, metrics);
  const best = runs.find(({ name }) => pairing.paired && name === pairing.best);
  const first = best === undefined ? 0 : runs.filter((run) => scoreOf(run) === scoreOf(best)).length;
  return {
    ...sideBySide(runs, pairing.sameRows && rowsAreKnown),
    ranking: ranked(runs, criterion),
    pairing,
    verdict: verdict(pairing, criterion, first),
  };
}

/** @param sameRows whether the runs were judged on the same rows, so that the best of them can be marked */
export function sideBySide(runs: readonly Compared[], sameRows: boolean): SideBySide {
  const all = runs.map(figures);
  const names = [...new Set(all.flatMap((figuresOfRun) => Object.keys(figuresOfRun)))];
  return {
    runs: runs.map(({ name }) => name),
    parameters: differing(runs.map(({ experiment }) => experiment)),
    metrics: names.map((name) => {
      // Own ones only: a damaged file may name a metric `constructor`.
      const values = all.map((figuresOfRun) => (Object.hasOwn(figuresOfRun, name) ? (figuresOfRun[name] ?? null) : null));
      const isSame = sameRows && (!name.startsWith('test/') || haveSameTest(runs));
      return { name, values, best: isSame ? bestOf(name, values.map((figure) => figure?.value ?? NaN)) : [] };
    }),
  };
}

/** As far as the number of the rows tells. */
function haveSameTest(runs: readonly Compared[]): boolean {
  return new Set(runs.flatMap(({ metrics }) => metrics?.test_rows ?? [])).size < 2;
}

/** Of each run the score that the runs are ranked by. */
export function scoresOf({ metrics, ranking, runs }: Comparison): readonly (ComparedValue | null)[] {
  return metrics.find(({ name }) => name === ranking.row)?.values ?? runs.map(() => null);
}

function ranked(runs: readonly Compared[], criterion: Criterion): Ranking {
  const { metric, row, smallerIsBetter } = criterion;
  const scores = runs.map(({ metrics }) => scoreBy(criterion, metrics));
  const order = [...scores.keys()]
    .filter((run) => Number.isFinite(scores[run]))
    .sort((a, b) => (valueAt(scores, b) - valueAt(scores, a)) * (smallerIsBetter ? -1 : 1) || a - b);
  return { metric, row, order };
}

function figures({ metrics, experiment }: Compared): Readonly<Record<string, ComparedValue>> {
  if (metrics === null) return {};
  const { oof, cv, folds, baseline = {}, test = {}, test_intervals: ofTest = {} } = metrics;
  const alone = ([name, value]: [string, number | null]): [string, ComparedValue] => [
    name,
    { value: value ?? NaN, sd: null, interval: null },
  ];
  const testToTrain = validationPerTrainingRow(experiment.split);
  const spread = ([name, { mean, sd }]: [string, RunMetrics['cv'][string]]): [string, ComparedValue] => [
    `cv/${name}`,
    {
      value: mean ?? NaN,
      sd,
      interval: resampledInterval(folds.map(({ best }) => figureIfMeasured(best, `val/${name}`)), testToTrain) ?? null,
    },
  ];
  return {
    ...Object.fromEntries(Object.entries(oof).map(alone)),
    ...Object.fromEntries(Object.entries(cv).map(spread)),
    ...Object.fromEntries(Object.entries(baseline).map(alone)),
    ...Object.fromEntries(
      Object.entries(test).map(([name, value]) => {
        const [low, high] = ofTest[name] ?? [];
        return [name, { value: value ?? NaN, sd: null, interval: low === undefined || high === undefined ? null : { low, high } }];
      }),
    ),
  };
}

/** Of a loss the smallest, of everything else the largest. */
function bestOf(name: string, values: readonly number[]): readonly number[] {
  const known = values.filter(Number.isFinite);
  if (known.length < 2) return [];
  const best = isSmallerBetter(name) ? Math.min(...known) : Math.max(...known);
  return known.every((value) => value === best) ? [] : values.flatMap((value, run) => (value === best ? [run] : []));
}

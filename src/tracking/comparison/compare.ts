import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Experiment } from '../../config/index.ts';
import { differing } from '../../config/parameters.ts';
import { resampledInterval, type Interval } from '../../data/significance.ts';
import { readEvaluatedRun, type EvaluatedRun, type RunMetrics } from '../run-files.ts';
import { comparedMetric, pairRuns, type Pairing } from './pairing.ts';
import { verdict } from './verdict.ts';

/** A run to compare. */
export interface Compared {
  readonly name: string;
  readonly experiment: Experiment;
  /** Null where it has not been evaluated. */
  readonly metrics: RunMetrics | null;
}

/** Runs side by side: the parameters in which they differ, and their results with the best of each row marked. */
export interface SideBySide {
  readonly runs: readonly string[];
  /** Path of the parameter to its value in each run. */
  readonly parameters: Readonly<Record<string, readonly unknown[]>>;
  readonly metrics: readonly ComparedMetric[];
}

/** Runs in the order of the metric that they are compared by. */
export interface Ranking {
  readonly metric: string;
  /** Positions of the runs, the best first; those without a result are left out. */
  readonly order: readonly number[];
}

/** Runs side by side, and whether what tells them apart is more than noise. */
export interface Comparison extends SideBySide {
  readonly ranking: Ranking;
  readonly pairing: Pairing;
  readonly verdict: string;
}

export interface ComparedMetric {
  /** `oof/accuracy` or `cv/accuracy`; standard deviation and interval come with the latter. */
  readonly name: string;
  readonly values: readonly (ComparedValue | null)[];
  /** Positions of the best runs; empty where there is nothing to compare. */
  readonly best: readonly number[];
}

export interface ComparedValue {
  readonly value: number;
  readonly sd: number | null;
  /** 95 % interval of the mean over folds. */
  readonly interval: Interval | null;
}

/** Puts runs side by side and tests their difference; what that takes is read from their folders. */
export async function compareRuns(runs: readonly (Compared & { readonly folder: string })[]): Promise<Comparison> {
  return comparisonOf(runs, await testedPairing(runs));
}

/** The comparison of runs that have been paired. */
export function comparisonOf(runs: readonly Compared[], pairing: Pairing): Comparison {
  const side = sideBySide(runs);
  return { ...side, ranking: ranked(side, runs), pairing, verdict: verdict(pairing) };
}

export function sideBySide(runs: readonly Compared[]): SideBySide {
  const all = runs.map(figures);
  const names = [...new Set(all.flatMap((figuresOfRun) => Object.keys(figuresOfRun)))];
  return {
    runs: runs.map(({ name }) => name),
    parameters: differing(runs.map(({ experiment }) => experiment)),
    metrics: names.map((name) => {
      // Own ones only: a damaged file may name a metric `constructor`.
      const values = all.map((figuresOfRun) => (Object.hasOwn(figuresOfRun, name) ? (figuresOfRun[name] ?? null) : null));
      return { name, values, best: bestOf(name, values.map((figure) => figure?.value ?? NaN)) };
    }),
  };
}

/** Of each run the mean over its folds. */
export function meansOf({ metrics }: SideBySide, metric: string): readonly (ComparedValue | null)[] {
  return metrics.find(({ name }) => name === nameOverFolds(metric))?.values ?? [];
}

/** `cv/f1_macro` of `val/f1_macro` */
export function nameOverFolds(metric: string): string {
  return metric.replace(/^val\//, 'cv/');
}

function ranked(side: SideBySide, runs: readonly Compared[]): Ranking {
  const { metric, smallerIsBetter } = comparedMetric(runs);
  const means = meansOf(side, metric).map((mean) => mean?.value ?? NaN);
  const order = [...means.keys()].filter((run) => Number.isFinite(means[run])).sort((a, b) => (means[b]! - means[a]!) * (smallerIsBetter ? -1 : 1) || a - b);
  return { metric, order };
}

async function testedPairing(runs: readonly (Compared & { readonly folder: string })[]): Promise<Pairing> {
  const without = runs.find(({ metrics, folder }) => metrics === null || !existsSync(join(folder, 'oof.csv')));
  if (without !== undefined) return { paired: false, reason: `${without.name} has not been evaluated` };
  const evaluated: EvaluatedRun[] = [];
  for (const { folder, name } of runs) evaluated.push({ ...(await readEvaluatedRun(folder)), name });
  return pairRuns(evaluated);
}

function figures({ metrics, experiment }: Compared): Readonly<Record<string, ComparedValue>> {
  if (metrics === null) return {};
  const { oof, cv, folds } = metrics;
  const testToTrain = 1 / (experiment.split.folds - 1);
  const spread = ([name, { mean, sd }]: [string, { readonly mean: number; readonly sd: number }]): [string, ComparedValue] => [
    `cv/${name}`,
    { value: mean, sd, interval: resampledInterval(folds.map(({ best }) => best[`val/${name}`] ?? NaN), testToTrain) ?? null },
  ];
  return {
    ...Object.fromEntries(Object.entries(oof).map(([name, value]) => [name, { value, sd: null, interval: null }])),
    ...Object.fromEntries(Object.entries(cv).map(spread)),
  };
}

/** Of a loss the smallest, of everything else the largest. */
function bestOf(name: string, values: readonly number[]): readonly number[] {
  const known = values.filter(Number.isFinite);
  if (known.length < 2) return [];
  const best = name.endsWith('/loss') ? Math.min(...known) : Math.max(...known);
  return known.every((value) => value === best) ? [] : values.flatMap((value, run) => (value === best ? [run] : []));
}

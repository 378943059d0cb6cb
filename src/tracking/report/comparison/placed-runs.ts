import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { scoresOf, type Compared, type ComparedValue, type Comparison } from '../../comparison/index.ts';
import type { RunMetrics } from '../../run-metrics.ts';
import { shortLabels } from '../labels.ts';

/** A run as a page of a comparison shows it. */
export interface PlacedRun {
  /** Its position among the runs of the comparison. */
  readonly run: number;
  readonly name: string;
  /** Short, and told apart from all others. */
  readonly label: string;
  /** From 1; null for one without a result. */
  readonly place: number | null;
  readonly score: ComparedValue | null;
  readonly metrics: RunMetrics | null;
  /** Of all its epochs, whichever command trained them; null for one without a result. */
  readonly seconds: number | null;
  /** Its own report, as an address relative to the page; null where there is none. */
  readonly report: string | null;
}

/** A page lists so many runs with their parameters, and fewer with all of their metrics; a file beside it holds the rest. */
export const MOST_ROWS = 100;
export const MOST_WITH_METRICS = 20;
/** A figure has a line for each of so many, so that it stays a figure. */
export const MOST_DRAWN = 40;
/** More points than these lie on each other. */
export const MOST_POINTS = 300;

/** Longer ones take the room of a figure on a phone. */
const LONGEST_LABEL = 24;

/** The best first, then those that have no result. */
export function placedRuns(
  comparison: Comparison,
  runs: readonly (Compared & { readonly folder: string })[],
  page: string,
): readonly PlacedRun[] {
  const { order } = comparison.ranking;
  const scores = scoresOf(comparison);
  const labels = shortLabels(runs.map(({ name }) => name), LONGEST_LABEL);
  const ranked = new Set(order);
  const placed = (run: number, place: number | null): PlacedRun | undefined => {
    const of = runs[run];
    if (of === undefined) return undefined;
    const { name, metrics, folder } = of;
    return {
      run,
      name,
      label: labels[run] ?? name,
      place,
      score: scores[run] ?? null,
      metrics,
      seconds: metrics === null ? null : secondsOfEpochs(metrics),
      report: reportOf(folder, page),
    };
  };
  const rest = [...runs.keys()].filter((run) => !ranked.has(run));
  return [...order.map((run, i) => placed(run, i + 1)), ...rest.map((run) => placed(run, null))].filter((each) => each !== undefined);
}

/** From a run's name to its short one. */
export function labelsOf(placed: readonly PlacedRun[]): (name: string) => string {
  const labels = new Map(placed.map(({ name, label }) => [name, label]));
  return (name) => labels.get(name) ?? name;
}

/** Seconds that a run has trained, all folds together. */
export function secondsOfEpochs({ folds }: RunMetrics): number {
  return folds.reduce((sum, { epochs }) => sum + epochs.reduce((total, { seconds }) => total + seconds, 0), 0);
}

/** Run names hold signs that mean something in an address. */
function reportOf(folder: string, page: string): string | null {
  const file = join(folder, 'report.html');
  return existsSync(file) ? relative(page, file).split(sep).map(encodeURIComponent).join('/') : null;
}

import type { RunMetrics, StoredRun } from '../../runner/index.ts';
import type { Colors } from '../terminal.ts';
import { differing, shownValue } from './parameters.ts';
import { left, right, table } from './table.ts';
import { metric } from './text.ts';

export type Compared = Pick<StoredRun, 'name' | 'experiment' | 'metrics'>;

/** Runs side by side: the parameters in which they differ, and their results with the best of each row marked. */
export interface Comparison {
  readonly runs: readonly string[];
  /** Path of the parameter to its value in each run. */
  readonly parameters: Readonly<Record<string, readonly unknown[]>>;
  readonly metrics: readonly ComparedMetric[];
}

interface ComparedMetric {
  /** `oof/accuracy` or `cv/accuracy`; the standard deviation comes with the latter. */
  readonly name: string;
  readonly values: readonly ({ readonly value: number; readonly sd: number | null } | null)[];
  /** Positions of the best runs; empty where there is nothing to compare. */
  readonly best: readonly number[];
}

export function compareRuns(runs: readonly Compared[]): Comparison {
  const all = runs.map(({ metrics }) => (metrics === null ? {} : figures(metrics)));
  const names = [...new Set(all.flatMap((figuresOfRun) => Object.keys(figuresOfRun)))];
  return {
    runs: runs.map(({ name }) => name),
    parameters: differing(runs.map(({ experiment }) => experiment)),
    metrics: names.map((name) => {
      const values = all.map((figuresOfRun) => figuresOfRun[name] ?? null);
      return { name, values, best: bestOf(name, values.map((figure) => figure?.value ?? NaN)) };
    }),
  };
}

/** The comparison as a table with a column a run; `*` marks the best. */
export function comparisonTable({ runs, parameters, metrics }: Comparison, colors: Colors): string {
  const parameterRows = Object.entries(parameters).map(([path, values]) => [path, ...values.map(shownValue)]);
  const metricRows = metrics.map(({ name, values, best }) => [
    name,
    ...values.map((figure, run) => {
      const text = figure === null ? '–' : `${metric(figure.value)}${figure.sd === null ? '' : ` ± ${metric(figure.sd)}`}`;
      return best.includes(run) ? colors.green(`${text} *`) : `${text}  `;
    }),
  ]);
  return table([left(''), ...runs.map(right)], [...parameterRows, ...metricRows], colors);
}

type Figures = Readonly<Record<string, { readonly value: number; readonly sd: number | null }>>;

function figures({ oof, cv }: RunMetrics): Figures {
  return {
    ...Object.fromEntries(Object.entries(oof).map(([name, value]) => [name, { value, sd: null }])),
    ...Object.fromEntries(Object.entries(cv).map(([name, { mean, sd }]) => [`cv/${name}`, { value: mean, sd }])),
  };
}

/** Of a loss the smallest, of everything else the largest. */
function bestOf(name: string, values: readonly number[]): readonly number[] {
  const known = values.filter(Number.isFinite);
  if (known.length < 2) return [];
  const best = name.endsWith('/loss') ? Math.min(...known) : Math.max(...known);
  return known.every((value) => value === best) ? [] : values.flatMap((value, run) => (value === best ? [run] : []));
}

import { headlinesOf, shownValue } from '../../config/index.ts';
import { range, type ComparedMetric, type Comparison, type SideBySide } from '../../tracking/comparison/index.ts';
import type { Colors } from '../terminal.ts';
import type { Section } from './layout/sections.ts';
import { left, right, table } from './layout/table.ts';
import { metric, printable } from './layout/text.ts';

/** More runs than these do not fit side by side, so they stand below each other. */
const MOST_COLUMNS = 4;

/** The comparison and what it comes to. */
export function comparisonSections(comparison: Comparison, colors: Colors): readonly Section[] {
  const isWide = comparison.runs.length > MOST_COLUMNS;
  const isMarked = comparison.metrics.some(({ best }) => best.length > 0);
  const legend = `± standard deviation over the folds (95 % interval of their mean)${isMarked ? '   * best' : ''}`;
  return [
    {
      title: 'comparison',
      lines: [
        isWide ? rankingTable(comparison, colors) : comparisonTable(comparison, colors),
        '',
        isWide ? `${legend}   all metrics: --json` : legend,
      ],
    },
    { title: 'verdict', lines: [printable(comparison.verdict)] },
  ];
}

/** The comparison as a table with a column a run; `*` marks the best. */
export function comparisonTable({ runs, parameters, metrics }: SideBySide, colors: Colors): string {
  const parameterRows = Object.entries(parameters).map(([path, values]) => [path, ...values.map((value) => printable(shownValue(value)))]);
  const metricRows = metrics.map((row) => [printable(row.name), ...row.values.map((_, run) => figureText(row, run, colors))]);
  return table([left(''), ...runs.map((name) => right(printable(name)))], [...parameterRows, ...metricRows], colors);
}

/** A row a run, the best first: the parameters that differ, the metric that the runs are compared by, and two of all rows together. */
export function rankingTable({ runs, parameters, metrics, ranking }: Comparison, colors: Colors): string {
  const rows = new Map(metrics.map((row) => [row.name, row]));
  const names = new Set([ranking.row, ...headlinesOf((name) => rows.has(`oof/${name}`)).map((name) => `oof/${name}`)]);
  const shown = [...names].flatMap((name) => rows.get(name) ?? []);
  const ranked = new Set(ranking.order);
  const unranked = [...runs.keys()].filter((run) => !ranked.has(run));
  return table(
    [left('run'), ...Object.keys(parameters).map(left), ...shown.map(({ name }) => right(printable(name)))],
    [...ranking.order, ...unranked].map((run) => [
      printable(runs[run] ?? ''),
      ...Object.values(parameters).map((values) => printable(shownValue(values[run]))),
      ...shown.map((row) => figureText(row, run, colors)),
    ]),
    colors,
  );
}

function figureText({ values, best }: ComparedMetric, run: number, colors: Colors): string {
  const figure = values[run] ?? null;
  const text = figure === null ? '–' : `${metric(figure.value)}${spread(figure)}`;
  return best.includes(run) ? colors.green(`${text} *`) : `${text}  `;
}

function spread({ sd, interval }: NonNullable<SideBySide['metrics'][number]['values'][number]>): string {
  if (sd === null) return interval === null ? '' : ` (${range(interval)})`;
  return ` ± ${metric(sd)}${interval === null ? '' : ` (${range(interval)})`}`;
}

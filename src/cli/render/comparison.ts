import { shownValue } from '../../config/parameters.ts';
import type { Comparison, SideBySide } from '../../tracking/comparison/compare.ts';
import { range } from '../../tracking/comparison/verdict.ts';
import type { Colors } from '../terminal.ts';
import type { Section } from './sections.ts';
import { left, right, table } from './table.ts';
import { metric, printable } from './text.ts';

/** The comparison and what it comes to. */
export function comparisonSections(comparison: Comparison, colors: Colors): readonly Section[] {
  return [
    { title: 'comparison', lines: [comparisonTable(comparison, colors), '', '± standard deviation over the folds (95 % interval of their mean)   * best'] },
    { title: 'verdict', lines: [printable(comparison.verdict)] },
  ];
}

/** The comparison as a table with a column a run; `*` marks the best. */
export function comparisonTable({ runs, parameters, metrics }: SideBySide, colors: Colors): string {
  const parameterRows = Object.entries(parameters).map(([path, values]) => [path, ...values.map((value) => printable(shownValue(value)))]);
  const metricRows = metrics.map(({ name, values, best }) => [
    printable(name),
    ...values.map((figure, run) => {
      const text = figure === null ? '–' : `${metric(figure.value)}${spread(figure)}`;
      return best.includes(run) ? colors.green(`${text} *`) : `${text}  `;
    }),
  ]);
  return table([left(''), ...runs.map((name) => right(printable(name)))], [...parameterRows, ...metricRows], colors);
}

function spread({ sd, interval }: NonNullable<SideBySide['metrics'][number]['values'][number]>): string {
  if (sd === null) return '';
  return ` ± ${metric(sd)}${interval === null ? '' : ` (${range(interval)})`}`;
}

import { headlinesOf } from '../../config/index.ts';
import type { Evaluation, EvaluatedSlice, MeasuredMetrics } from '../../runner/models/index.ts';
import type { ReportTable } from '../../tasks/index.ts';
import { range } from '../../tracking/comparison/index.ts';
import type { Colors } from '../terminal.ts';
import { sections } from './layout/sections.ts';
import { left, right, table } from './layout/table.ts';
import { count, metric, plural, printable } from './layout/text.ts';

/** Longer tables are for the page. */
const MOST_ROWS = 20;
/** A table with a column a class, up to so many. */
const MOST_COLUMNS = 12;

/** The metrics of an evaluation with their intervals, the tables of its task, and the metrics of its slices. */
export function evaluationText(evaluation: Evaluation, colors: Colors): string {
  const { run, file, models, task, rows, unlabelled, report, metrics, slices } = evaluation;
  const leftOut = unlabelled === 0 ? '' : `, ${count(unlabelled)} without a target left out`;
  return sections(
    [
      {
        title: `${printable(run)} on ${printable(file)} · ${plural(rows.ids.length, 'row')}${leftOut} · ${plural(models, 'model')}`,
        lines: [metricsTable(metrics, colors)],
      },
      ...report.tables.map((each) => ({ title: each.file.replace(/\.csv$/, ''), lines: shownTable(each, colors) })),
      { title: 'by', lines: slices.length === 0 ? [] : [slicesTable(slices, headlines(metrics, task.usualMetric), colors)] },
    ],
    colors,
  );
}

function metricsTable(metrics: MeasuredMetrics, colors: Colors): string {
  return table(
    [left('metric'), right('value'), left('95 % interval')],
    Object.entries(metrics).map(([name, { value, interval }]) => [name, metric(value), interval === null ? '–' : range(interval)]),
    colors,
  );
}

/** The usual metric of the task, and those that short lists show. */
function headlines(metrics: MeasuredMetrics, usual: string): readonly string[] {
  const isMeasured = (name: string): boolean => Object.hasOwn(metrics, name);
  return [...new Set([usual, ...headlinesOf(isMeasured)])].filter(isMeasured);
}

function slicesTable(slices: readonly EvaluatedSlice[], names: readonly string[], colors: Colors): string {
  return table(
    [left(''), left('value'), right('rows'), ...names.map(right)],
    slices.map(({ by, value, rows, metrics }) => [
      printable(by),
      printable(value),
      count(rows),
      ...names.map((name) => {
        const of = metrics[name];
        return of === undefined ? '–' : `${metric(of.value)}${of.interval === null ? '' : ` (${range(of.interval)})`}`;
      }),
    ]),
    colors,
  );
}

/** A table of the task as it is, or of targets and predictions with a row a target and a column a prediction; nothing of one row a text. */
function shownTable({ columns, rows }: ReportTable, colors: Colors): readonly string[] {
  if (columns[0] === 'id') return [];
  const isConfusion = columns.slice(0, 3).join() === 'target,prediction,rows';
  const predicted = [...new Set(rows.map((row) => String(row[1])))];
  if (isConfusion && predicted.length <= MOST_COLUMNS) {
    const targets = [...new Set(rows.map((row) => String(row[0])))];
    const countOf = new Map(rows.map((row) => [JSON.stringify([String(row[0]), String(row[1])]), row[2]]));
    return [
      table(
        [left('target'), ...predicted.map((name) => right(`as ${printable(name)}`))],
        targets.map((target) => [printable(target), ...predicted.map((name) => String(countOf.get(JSON.stringify([target, name])) ?? 0))]),
        colors,
      ),
    ];
  }
  const shown = isConfusion ? rows.filter((row) => row[0] !== row[1]).toSorted((a, b) => Number(b[2]) - Number(a[2])) : rows;
  const cells = shown.slice(0, MOST_ROWS).map((row) => row.map(cellText));
  const more = shown.length > MOST_ROWS ? [`and ${count(shown.length - MOST_ROWS)} more`] : [];
  return [table(columns.map((name, i) => (i === 0 ? left(name) : right(name))), cells, colors), ...more];
}

function cellText(cell: string | number): string {
  if (typeof cell === 'string') return printable(cell);
  return Number.isInteger(cell) ? count(cell) : metric(cell);
}

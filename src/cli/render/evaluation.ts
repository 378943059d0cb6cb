import { headlinesOf } from '../../config/index.ts';
import type { EvaluatedTable } from '../../index.ts';
import { openTask } from '../../tasks/index.ts';
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
export function evaluationText(evaluation: EvaluatedTable, colors: Colors): string {
  const { run, input, models, rows, unlabelled, tables, metrics, slices } = evaluation;
  const { usualMetric } = openTask(evaluation);
  const leftOut = unlabelled === 0 ? '' : `, ${count(unlabelled)} without a target left out`;
  return sections(
    [
      {
        title: `${printable(run)} on ${printable(input)} · ${plural(rows, 'row')}${leftOut} · ${plural(models, 'model')}`,
        lines: [metricsTable(metrics, colors)],
      },
      ...Object.entries(tables).map(([title, each]) => ({ title, lines: shownTable(each, colors) })),
      { title: 'by', lines: slices.length === 0 ? [] : [slicesTable(slices, headlines(metrics, usualMetric), colors)] },
    ],
    colors,
  );
}

type Metrics = EvaluatedTable['metrics'];

function metricsTable(metrics: Metrics, colors: Colors): string {
  return table(
    [left('metric'), right('value'), left('95 % interval')],
    Object.entries(metrics).map(([name, of]) => [name, metric(of.value), within(of) ?? '–']),
    colors,
  );
}

/** The interval in words; undefined where there is none. */
function within({ low, high }: Metrics[string]): string | undefined {
  return low === null || high === null ? undefined : range({ low, high });
}

/** The usual metric of the task, and those that short lists show. */
function headlines(metrics: Metrics, usual: string): readonly string[] {
  const isMeasured = (name: string): boolean => Object.hasOwn(metrics, name);
  return [...new Set([usual, ...headlinesOf(isMeasured)])].filter(isMeasured);
}

function slicesTable(slices: EvaluatedTable['slices'], names: readonly string[], colors: Colors): string {
  return table(
    [left(''), left('value'), right('rows'), ...names.map(right)],
    slices.map(({ by, value, rows, metrics }) => [
      printable(by),
      printable(value),
      count(rows),
      ...names.map((name) => {
        const of = metrics[name];
        const interval = of === undefined ? undefined : within(of);
        return of === undefined ? '–' : `${metric(of.value)}${interval === undefined ? '' : ` (${interval})`}`;
      }),
    ]),
    colors,
  );
}

/** A table of the task as it is, or of targets and predictions with a row a target and a column a prediction. */
function shownTable(objects: EvaluatedTable['tables'][string], colors: Colors): readonly string[] {
  const columns = Object.keys(objects[0] ?? {});
  const rows = objects.map((row) => columns.map((name) => row[name] ?? ''));
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

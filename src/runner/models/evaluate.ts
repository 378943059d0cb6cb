import { valueAt } from '../../core/values.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import { segmentsOf } from '../../data/texts/index.ts';
import type { Predictions, ReportTable, Task, TaskDescription, TaskReport } from '../../tasks/index.ts';
import { readModelFolder } from '../../training/index.ts';
import type { StoredRun } from '../stored/runs.ts';
import { measuredAside, type MeasuredMetrics } from './measured.ts';
import { readLabelled, type LabelledOptions, type LabelledRows } from './labelled.ts';
import { modelFolders, predictTexts, type PredictOptions } from './predict.ts';
import { trainedLoss } from './trained-loss.ts';
import { slicesBy } from './slices.ts';

/** What the models of a run come to on a labelled table. */
export interface Evaluation {
  readonly run: string;
  readonly file: string;
  readonly models: number;
  readonly task: Task;
  readonly rows: LabelledRows;
  /** Rows of the table whose target is not known. */
  readonly unlabelled: number;
  /** What the task has to show of them. */
  readonly report: TaskReport;
  readonly metrics: MeasuredMetrics;
  readonly slices: readonly EvaluatedSlice[];
}

export interface EvaluatedSlice {
  readonly by: string;
  readonly value: string;
  readonly rows: number;
  readonly metrics: MeasuredMetrics;
}

export interface EvaluateOptions extends LabelledOptions, Pick<PredictOptions, 'device' | 'signal' | 'threads'> {
  /** Columns, or `length`. */
  readonly by?: readonly string[];
}

/** Measures a run's models, their predictions averaged, on a labelled table. Throws as `readLabelled`, `slicesBy` and `predictTexts` do. */
export async function evaluateTable(
  run: StoredRun,
  source: { readonly path: string } | { readonly bytes: Uint8Array },
  { by = [], device, signal, threads, ...reading }: EvaluateOptions,
  listen: Listener<StageEvent>,
): Promise<Evaluation> {
  const models = modelFolders(run);
  const { task } = readModelFolder(models[0] ?? '');
  const rows = await readLabelled(source, task, run.experiment, reading);
  const { table, kept, texts, targets } = rows;
  const lengths = texts.map((text) => segmentsOf(text).reduce((sum, segment) => sum + segment.length, 0));
  const slices = by.flatMap((each) => slicesBy(each, table, kept, lengths));
  const given = { ...(device === undefined ? {} : { device }), ...(signal === undefined ? {} : { signal }) };
  const { predictions } = await predictTexts(run, texts, { ...given, ...(threads === undefined ? {} : { threads }) }, listen);
  const parts = [Int32Array.from(texts.keys()), ...slices.map((slice) => slice.rows)];
  const trained = await trainedLoss(run, targets.width, listen);
  const [metrics = {}, ...ofSlices] = await measuredAside({ description: task.description, trained, targets, predictions, parts }, signal);
  return {
    run: run.name,
    file: table.file,
    models: models.length,
    task,
    rows,
    unlabelled: table.rows.length - kept.length,
    report: reportOf(task, rows, predictions, metrics, models.length),
    metrics,
    slices: slices.map(({ by: column, value, rows: of }, i) => ({ by: column, value, rows: of.length, metrics: valueAt(ofSlices, i) })),
  };
}

function reportOf(task: Task, rows: LabelledRows, predictions: Predictions, metrics: MeasuredMetrics, models: number): TaskReport {
  const { ids, texts, targets } = rows;
  return task.report({
    words: {
      where: 'on this table',
      title: 'Predictions',
      how: models === 1 ? 'Each row is judged by the model of the run.' : `Each row is judged by the mean of the run’s ${models} models.`,
    },
    outOfFold: { ids, folds: new Int32Array(ids.length), targets, predictions },
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, { value }]) => [`oof/${name}`, Number.isFinite(value) ? value : null])),
    texts: { examples: { ids, texts, targets, task } },
    conflicts: [],
  });
}

function objectsOf({ columns, rows }: ReportTable): EvaluatedTable['tables'][string] {
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])));
}

/** What the models of a run come to on a labelled table, as plain data, with the description of the task among the keys. */
export type EvaluatedTable = TaskDescription & {
  readonly run: string;
  /** The table. */
  readonly input: string;
  /** Whose predictions are averaged. */
  readonly models: number;
  /** Rows with a target. */
  readonly rows: number;
  /** Rows without one, which are left out. */
  readonly unlabelled: number;
  readonly metrics: Readonly<Record<string, MetricInterval>>;
  /** By name, such as `confusion`: a list of rows. */
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, string | number | null>>[]>>;
  /** The same metrics for parts of the rows, where that was asked for. */
  readonly slices: readonly {
    readonly by: string;
    readonly value: string;
    readonly rows: number;
    readonly metrics: Readonly<Record<string, MetricInterval>>;
  }[];
  /** The HTML page, where one was written. */
  readonly report?: string;
};

/** A metric, NaN where it is undefined, and its 95 % interval, null where that is. */
export interface MetricInterval {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** The same for programs. */
export function evaluationDocument(evaluation: Evaluation): EvaluatedTable {
  const { run, file, models, task, rows, unlabelled, report, metrics, slices } = evaluation;
  const numbers = (of: MeasuredMetrics): EvaluatedTable['metrics'] =>
    Object.fromEntries(
      Object.entries(of).map(([name, { value, interval }]) => [name, { value, low: interval?.low ?? null, high: interval?.high ?? null }]),
    );
  return {
    run,
    input: file,
    models,
    ...task.description,
    rows: rows.ids.length,
    unlabelled,
    metrics: numbers(metrics),
    tables: Object.fromEntries(
      report.tables
        .filter(({ columns }) => columns[0] !== 'id')
        .map((each) => [each.file.replace(/\.csv$/, ''), objectsOf(each)]),
    ),
    slices: slices.map((slice) => ({ ...slice, metrics: numbers(slice.metrics) })),
  };
}

import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tablesOf } from '../../config/index.ts';
import { isHubName } from '../../core/hub-name.ts';
import { packageVersion } from '../../core/package.ts';
import { writeJsonAtomic } from '../../core/files.ts';
import { rowCount } from '../../data/examples/index.ts';
import { readEvaluatedRun, type EvaluatedRun } from '../../tracking/index.ts';
import type { Task } from '../../tasks/index.ts';
import { measuredAside, type MeasuredMetrics, type ToMeasure } from '../models/measured.ts';
import type { StoredRun } from '../stored/runs.ts';
import { modelCard } from './card/card.ts';
import type { CardFacts, MeasuredOn, UsedTable } from './card/facts.ts';
import type { ExportedModel } from './request.ts';

/** What is said about an export for programs. */
export const EXPORT_FILE = 'export.json';
export const CARD_FILE = 'README.md';

interface Made {
  readonly task: Task;
  readonly trained: ToMeasure['trained'];
  readonly maxLength: number;
  readonly format: 'onnx' | 'huggingface';
}

/** Writes the model card and `export.json`. Neither has a path of this machine or a login name: both may be published. */
export async function writeCard(
  folder: string,
  run: StoredRun,
  exported: ExportedModel,
  { task, trained, maxLength, format }: Made,
  signal?: AbortSignal,
): Promise<void> {
  const evaluated = await readEvaluatedRun(run.folder);
  const { targets, predictions } = evaluated.outOfFold;
  const rows = Int32Array.from({ length: rowCount(targets) }, (_, row) => row);
  const [outOfFold = {}] = await measuredAside({ description: task.description, trained, targets, predictions, parts: [rows] }, signal);
  const facts: CardFacts = {
    name: run.name,
    exported,
    format,
    task,
    maxLength,
    experiment: run.experiment,
    versions: evaluated.environment.versions,
    exportedBy: packageVersion(),
    base: baseOf(evaluated),
    trainedAt: run.startedAt,
    tables: usedTables(evaluated),
    measured: [{ on: 'out of fold', rows: rows.length, metrics: outOfFold, baseline: baselineOf(evaluated) }, ...testOf(evaluated)],
  };
  writeFileSync(join(folder, CARD_FILE), modelCard(facts));
  writeJsonAtomic(join(folder, EXPORT_FILE), exportDocument(facts));
}

/** The tables, by the names of their files. */
function usedTables({ experiment, environment, metrics }: EvaluatedRun): readonly UsedTable[] {
  const { train, validation, test } = tablesOf(experiment.data);
  const named = [
    { use: 'training', table: train },
    { use: 'validation', table: validation },
    { use: metrics.test === undefined ? 'prediction' : 'test', table: test },
  ] as const;
  return named.flatMap(({ use, table }) =>
    table === null || table === undefined ? [] : [{ use, name: basename(table.path), sha256: environment.data[table.path] ?? null }],
  );
}

/** The pretrained model's name on the hub, or null where it was a folder, or weights that start at random. */
function baseOf({ experiment: { model }, environment: { data } }: EvaluatedRun): string | null {
  const isFolder = Object.keys(data).some((path) => path.startsWith(model.base));
  return model.weights === 'pretrained' && isHubName(model.base) && !isFolder ? model.base : null;
}

function baselineOf({ metrics: { baseline = {} } }: EvaluatedRun): Readonly<Record<string, number | null>> {
  return withoutPrefix(baseline, 'baseline/oof/');
}

function testOf({ metrics: { test, test_intervals: intervals = {}, test_rows: rows = 0 } }: EvaluatedRun): readonly MeasuredOn[] {
  if (test === undefined) return [];
  const metrics: MeasuredMetrics = Object.fromEntries(
    Object.entries(test).map(([name, value]) => {
      const [low, high] = intervals[name] ?? [];
      const interval = low === undefined || high === undefined ? null : { low, high };
      return [name.replace(/^test\//, ''), { value: value ?? NaN, interval }];
    }),
  );
  return [{ on: 'test', rows, metrics, baseline: {} }];
}

function withoutPrefix<T>(record: Readonly<Record<string, T>>, prefix: string): Readonly<Record<string, T>> {
  const plain = (name: string): string => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [plain(name), value]));
}

/** As `export.json` has it; what is not a number is null. */
function exportDocument({ name, exported, format, task, maxLength, base, tables, measured, versions, exportedBy }: CardFacts): object {
  const { what, models, files } = exported;
  return {
    run: name,
    what,
    models,
    format,
    task: task.description,
    max_seq_length: maxLength,
    files: files.map(({ maxDifference, ...file }) => ({ ...file, max_difference: maxDifference })),
    metrics: Object.fromEntries(measured.map(({ on, rows, metrics }) => [on === 'test' ? 'test' : 'oof', { rows, ...metrics }])),
    base,
    data: tables,
    versions,
    exported_by: exportedBy,
  };
}

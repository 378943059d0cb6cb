import type { Listener, StageEvent } from '../core/events.ts';
import type { AskedDevice } from '../runner/index.ts';
import type { EvaluatedTable } from '../runner/models/index.ts';
import { checkOptions, checkText } from './arguments.ts';
import { running, type Running } from './running.ts';
import { artifactsOf, modelIn, pathIn, within, type Surroundings } from './surroundings.ts';

/** A labelled table: the path of a file, its bytes, or a stream of them. */
export type LabelledTable = string | Uint8Array | AsyncIterable<Uint8Array>;

export interface EvaluateOptions extends Surroundings {
  /** Also measure the rows by the values of these columns; `length` is that of the texts. */
  readonly by?: readonly string[];
  /** The columns with the target, where they are not called as in the run's tables. */
  readonly target?: readonly string[];
  /** How bytes are written; what their beginning looks like where it is left out. */
  readonly format?: 'csv' | 'tsv' | 'jsonl';
  /** Names of the columns of a table without a header. */
  readonly columns?: readonly string[];
  /** UTF-8 where it is left out. */
  readonly encoding?: string;
  /** `auto`, the best that works, where it is left out. */
  readonly device?: AskedDevice;
  /** Of the CPU; those that the run was configured for where it is left out. */
  readonly threads?: number;
  /** Path of an HTML page to write as well. */
  readonly report?: string;
  readonly signal?: AbortSignal;
  /** Hears of progress, and what is worth a notice. */
  readonly onEvent?: Listener<StageEvent>;
}

/**
 * Measures the models of a run, their predictions averaged, on a labelled table, with 95 % intervals by the bootstrap over the rows. On
 * rows that the run was trained on, the figures are better than on new texts.
 *
 * @param run the name of a run, or its folder
 *
 * Throws OrtrainError: `usage` where there is no such run or it has no model, `data` for a table or a model that cannot be used,
 * `environment` where the device does not work, `interrupted` after `signal`.
 */
export function evaluate(run: string, table: LabelledTable, options: EvaluateOptions = {}): Running<EvaluatedTable, StageEvent> {
  return running((emit) => within(options, () => evaluated(run, table, options, emit)), options.onEvent);
}

async function evaluated(
  name: string,
  table: LabelledTable,
  options: EvaluateOptions,
  emit: Listener<StageEvent>,
): Promise<EvaluatedTable> {
  checkText('run', name);
  checkOptions(options);
  const { evaluateTable, evaluationDocument } = await import('../runner/models/index.ts');
  const { readRun } = await import('../runner/stored/index.ts');
  const { cwd, report, device = 'auto', artifacts: _a, env: _e, onEvent: _o, ...reading } = options;
  const file = report === undefined ? undefined : pathIn(cwd, report);
  const { checkPage } = await import('./page.ts');
  if (file !== undefined) checkPage(file);
  const stored = readRun(artifactsOf(options), modelIn(options, name));
  const source = typeof table === 'string' ? { path: pathIn(cwd, table) } : { bytes: await bytesOf(table) };
  const evaluation = await evaluateTable(stored, source, { ...reading, device }, emit);
  const document = evaluationDocument(evaluation);
  if (file === undefined) return document;
  const { writeEvaluationReport } = await import('../tracking/report/index.ts');
  await writeEvaluationReport(file, evaluation);
  return { ...document, report: file };
}

async function bytesOf(table: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (table instanceof Uint8Array) return table;
  const parts: Uint8Array[] = [];
  for await (const part of table) parts.push(part);
  return Buffer.concat(parts);
}

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf } from '../../config/index.ts';
import { aside } from '../../core/aside.ts';
import { OrtrainError } from '../../core/errors.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import { folderInside } from '../../core/inside.ts';
import { modelName, type ModelId } from '../../core/model-name.ts';
import { openOutputFolder } from '../../core/output-folder.ts';
import { moduleBeside } from '../../core/threads.ts';
import { valueAt } from '../../core/values.ts';
import { isLarge } from '../../data/tables/index.ts';
import { targetsAt, type Targets } from '../../data/examples/index.ts';
import { encodeTexts, loadTokenizer, type TokenSet } from '../../data/tokens/index.ts';
import { tokenizerFiles } from '../../data/tokenizer/index.ts';
import {
  copyModelFolder,
  ensemblePredictions,
  PORTABLE_FILES,
  portablePredictions,
  readModelFolder,
  writePortableFolder,
  type Precision,
} from '../../training/index.ts';
import { measured, type Predictions, type Task, type TaskDescription } from '../../tasks/index.ts';
import { modelHistories, throwIfResultsChanged } from '../../tracking/index.ts';
import { trainedModels } from './predict.ts';
import { threadsOf, type StoredRun } from '../stored/runs.ts';
import { verifyModels } from './verify-models.ts';
import { readValidation, type Validation } from './validation-rows.ts';

export type { Precision } from '../../training/index.ts';

export interface ExportRequest {
  /** The folder to write, which must not be there yet or be empty. */
  readonly to: string;
  readonly format: 'onnx' | 'huggingface';
  /** Float32 is always written; these come beside it. Only for ONNX. */
  readonly alsoIn: readonly Exclude<Precision, 'float32'>[];
  /** A fold, or the model of all rows. Without it, the fold whose best epoch is best by the metric that the run monitored. */
  readonly fold?: number | 'all';
  /** Without it, of a run with several seeds the best of that fold's. */
  readonly seed?: number;
  /** Those that the run was configured for where it is left out. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface ExportedModel {
  readonly folder: string;
  readonly fold: number | 'all';
  /** Where the run has several. */
  readonly seed?: number;
  readonly task: TaskDescription;
  readonly files: readonly ExportedFile[];
}

/** One of the written models, and how it did on the fold's own validation rows. */
export interface ExportedFile {
  /** Below the folder. */
  readonly path: string;
  readonly precision: Precision;
  readonly bytes: number;
  readonly rows: number;
  /** Between the numbers of its predictions and those that the run recorded. */
  readonly maxDifference: number;
  /** Metrics on these rows: the run's own and the file's. */
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

/** Float32 on one machine or another differs by rounding; a wrong weight or input by more than this. */
const SAME = 1e-4;
/** Validation rows on which a float32 model alone is compared. With smaller ones beside it, all are measured on all rows. */
const COMPARED_ROWS = 64;

/**
 * Writes the model of one fold in a form that other tools load, opens what was written and compares its answers with the run's
 * out-of-fold predictions; with those that the run's own model gives now where the run has recorded the mean of several seeds. The folder
 * appears only when that has gone well. Throws a `run` error where float32 predictions differ by more than 1e-4, a usage error where the
 * folder, the fold or the seed does not do, a `data` error where the training table or the run's files do not fit together.
 */
export async function exportRun(run: StoredRun, request: ExportRequest, listen: Listener<StageEvent>): Promise<ExportedModel> {
  const { folder, temporary, begin, commit, discard } = openOutputFolder(request.to);
  try {
    const chosen = chosenModel(run, request);
    const { fold, seed } = chosen;
    const model = folderInside(run.folder, `models/${modelName(chosen)}`);
    await verifyModels(run, [model], 'these', request.signal);
    await throwIfResultsChanged(run.folder, ['oof.csv']);
    const { task, max_seq_length: maxLength } = readModelFolder(model);
    const validation = await (isLarge(join(run.folder, 'oof.csv'), pathOf(run.experiment.data.train))
      ? aside<Validation>(moduleBeside(import.meta.url, 'validation-rows'), 'readValidation', [run, fold, task.description], request.signal)
      : readValidation(run, fold, task.description));
    const tokens = await encodeTexts(await loadTokenizer(tokenizerFiles(model)), validation.texts, maxLength, {
      onProgress: () => throwIfAborted(request),
      truncation: run.experiment.model.truncation,
    });
    const speed = speedOf(run, request);
    const rows = request.alsoIn.length === 0 ? Math.min(COMPARED_ROWS, validation.texts.length) : validation.texts.length;
    const compared = { tokens: firstRows(tokens, rows), rows };
    const own =
      isRecorded(run, chosen)
        ? firstPredictions(validation.predictions, rows)
        : await ensemblePredictions([model], { kind: 'tokens', tokens: compared.tokens }, speed, () => throwIfAborted(request));
    begin();
    if (request.format === 'onnx') await writePortableFolder(temporary, model, ['float32', ...request.alsoIn]);
    else copyModelFolder(model, temporary);
    const files: ExportedFile[] = [];
    for (const precision of ['float32', ...request.alsoIn] as const) {
      files.push(await comparedFile(temporary, precision, { ...compared, own, targets: validation.targets, task, run, request, listen }));
    }
    commit();
    return { folder, fold, ...(seed === undefined ? {} : { seed }), task: task.description, files };
  } finally {
    discard();
  }
}

interface Comparison {
  /** Of the compared rows. */
  readonly tokens: TokenSet;
  readonly rows: number;
  /** What the run's model says of them. */
  readonly own: Predictions;
  readonly targets: Targets;
  readonly task: Task;
  readonly run: StoredRun;
  readonly request: ExportRequest;
  readonly listen: Listener<StageEvent>;
}

/** Whoever loads the file has a CPU; on it the check is of the file alone. */
function speedOf(run: StoredRun, { threads }: ExportRequest) {
  return { device: 'cpu', threads: threads ?? threadsOf(run), batchSize: run.experiment.training.eval_batch_size } as const;
}

async function comparedFile(folder: string, precision: Precision, comparison: Comparison): Promise<ExportedFile> {
  const { tokens, rows, own, task, run, request, listen } = comparison;
  const path = request.format === 'onnx' ? PORTABLE_FILES[precision] : 'model.safetensors';
  const speed = speedOf(run, request);
  const onProgress = (done: number): void => {
    throwIfAborted(request);
    listen({ type: 'progress', done, total: rows, unit: `texts with ${path}` });
  };
  const file = join(folder, path);
  const written =
    request.format === 'onnx'
      ? await portablePredictions(file, tokens, task.published, speed, onProgress)
      : await ensemblePredictions([folder], { kind: 'tokens', tokens }, speed, onProgress);

  const difference = (unitOf: (i: number) => number): number =>
    written.numbers.reduce((most, number, i) => Math.max(most, Math.abs(number - valueAt(own.numbers, i)) / unitOf(i)), 0);
  const maxDifference = difference(() => 1);
  if (!(difference(unitsOf(task)) <= (precision === 'float32' ? SAME : 1))) throw differs(path, maxDifference, run, request);
  const targets = targetsAt(comparison.targets, Array.from({ length: rows }, (_, row) => row));
  return {
    path,
    precision,
    bytes: statSync(file).size,
    rows,
    maxDifference,
    before: measured(task, targets, own),
    after: measured(task, targets, written),
  };
}

/** What a difference of 1 is for each number of the predictions. One that is given away in float32 has no digits beyond its own. */
function unitsOf({ published: { scale } }: Task): (i: number) => number {
  if (scale === undefined) return () => 1;
  const units = scale.sd.map((sd, k) => sd + Math.abs(valueAt(scale.mean, k)) * FLOAT32_DIGITS);
  return (i) => valueAt(units, i % units.length);
}

/** A few roundings of float32, as a share of `SAME`. */
const FLOAT32_DIGITS = (4 * 2 ** -24) / SAME;

function firstPredictions({ width, numbers }: Predictions, rows: number): Predictions {
  return { width, numbers: numbers.subarray(0, rows * width) };
}

function firstRows(tokens: TokenSet, rows: number): TokenSet {
  return { ...tokens, offsets: tokens.offsets.subarray(0, rows + 1) };
}

function differs(path: string, difference: number, run: StoredRun, { to }: ExportRequest): OrtrainError {
  const far = Number.isFinite(difference) ? `differ by up to ${difference.toPrecision(2)}` : 'are not numbers';
  return new OrtrainError('run', `the exported ${path} does not compute what the run computed: predictions ${far}; ${to} was not written`, {
    subject: run.name,
    remedy: `If files in ${run.folder} were changed after the run, start it again: pipeline run ${join(run.folder, 'config.yaml')}`,
  });
}

/** Whether oof.csv has the model's own predictions, and not a mean of several. */
function isRecorded({ experiment: { split } }: StoredRun, { fold, seed }: ModelId): boolean {
  return fold !== 'all' && seed === undefined && (split.repeats ?? 1) === 1;
}

/** The model that is asked for; of those that would do the best by the monitored metric. */
function chosenModel(run: StoredRun, { fold, seed }: ExportRequest): ModelId {
  const all = trainedModels(run);
  const asked = all.filter((model) => (fold === undefined ? model.fold !== 'all' : model.fold === fold));
  if (asked.length === 0) {
    const what = fold === 'all' ? 'model of all rows' : `fold ${fold}`;
    throw noSuch(run, what, '--fold', 'folds', all.map((model) => model.fold));
  }
  const found = asked.filter((model) => seed === undefined || model.seed === seed);
  if (found.length === 0) throw noSuch(run, `seed ${seed}`, '--seed', 'seeds', asked.flatMap((model) => model.seed ?? []));
  const [only] = found;
  return found.length === 1 && only !== undefined ? only : bestOf(run, found);
}

function noSuch(run: StoredRun, what: string, flag: string, kind: string, there: readonly (number | string)[]): OrtrainError {
  const remedy = there.length === 0 ? `It has no ${kind}: leave ${flag} out.` : `Its ${kind} are ${[...new Set(there)].join(', ')}.`;
  return new OrtrainError('usage', `run ${run.name} has no ${what}`, { subject: flag, remedy });
}

function bestOf(run: StoredRun, models: readonly ModelId[]): ModelId {
  const { monitor, mode } = run.experiment.training.best_model;
  const sign = mode === 'max' ? 1 : -1;
  const isAsked = ({ fold, seed }: ModelId): boolean => models.some((model) => model.fold === fold && model.seed === seed);
  const scores = modelHistories(run.metrics?.folds ?? [])
    .filter(isAsked)
    .map(({ fold, seed, best }) => ({ fold, seed, score: sign * (best[monitor] ?? -Infinity) }));
  const [first, ...rest] = scores;
  if (first !== undefined) return rest.reduce((best, other) => (other.score > best.score ? other : best), first);
  throw new OrtrainError('usage', `run ${run.name} has not been evaluated, so no fold is the best yet`, {
    subject: run.name,
    remedy: `Resume it with: pipeline run ${join(run.folder, 'config.yaml')}`,
  });
}

function throwIfAborted({ signal }: ExportRequest): void {
  if (signal?.aborted === true) throw new OrtrainError('interrupted', 'stopped before the end; nothing was written');
}

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { OrtrainError } from '../../core/errors.ts';
import type { Listener, StageEvent } from '../../core/events.ts';
import { folderInside } from '../../core/inside.ts';
import { modelName } from '../../core/model-name.ts';
import { openOutputFolder } from '../../core/output-folder.ts';
import { valueAt } from '../../core/values.ts';
import { rowCount, targetsAt } from '../../data/examples/index.ts';
import { loadTokenizer, type TokenSet } from '../../data/tokens/index.ts';
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
import { measured, withLoss, type Predictions, type Task } from '../../tasks/index.ts';
import { throwIfResultsChanged } from '../../tracking/index.ts';
import { threadsOf, type StoredRun } from '../stored/runs.ts';
import { trainedLoss } from '../models/trained-loss.ts';
import { validationAside } from '../models/validation-aside.ts';
import { verifyModels } from '../models/verify-models.ts';
import { chosenModels, predictingModels } from './choose.ts';
import { foldModels, isRecorded, measuredLoss, tokensOf, type Loss, type Measuring } from './losses.ts';
import type { ExportedFile, ExportedModel, ExportRequest } from './request.ts';
import { writeCard } from './write-card.ts';

/** Float32 on one machine or another differs by rounding; a wrong weight or input by more than this. */
const SAME = 1e-4;
/** Rows on which a model is compared with the run's own; a fold's model with smaller ones beside it on all of the fold's rows. */
const COMPARED_ROWS = 64;

/**
 * Writes the models that a run predicts with, or some of them, in a form that other tools load, opens what was written and compares its
 * answers with those of the run's own models: of one fold, with its out-of-fold predictions. What smaller precisions cost is measured on
 * out-of-fold rows. A model card and `export.json` say all of that. The folder appears only when everything has gone well. Throws a `run`
 * error where float32 predictions differ by more than 1e-4, a usage error where the folder, the fold or the seed does not do, a `data`
 * error where the training table or the run's files do not fit together.
 */
export async function exportRun(run: StoredRun, request: ExportRequest, listen: Listener<StageEvent>): Promise<ExportedModel> {
  const { folder, temporary, begin, commit, discard } = openOutputFolder(request.to);
  try {
    const { what, models } = chosenModels(run, request);
    const folders = models.map((model) => folderInside(run.folder, `models/${modelName(model)}`));
    const [first = ''] = folders;
    const measures = what !== 'fold' && request.alsoIn.length > 0;
    const read = measures ? foldModels(run).map((model) => folderInside(run.folder, `models/${modelName(model)}`)) : [];
    await verifyModels(run, [...new Set([...folders, ...read])], 'these', request.signal);
    await throwIfResultsChanged(run.folder, ['oof.csv']);
    const { task, max_seq_length: maxLength } = readModelFolder(first);
    const measuring: Measuring = {
      run,
      task,
      maxLength,
      tokenizer: await loadTokenizer(tokenizerFiles(first)),
      speed: speedOf(run, request),
      temporary,
      signal: request.signal,
      onProgress(done, total, words) {
        throwIfAborted(request);
        listen({ type: 'progress', done, total, unit: `texts of ${words}` });
      },
    };
    const [only] = models.length === 1 ? models : [];
    const validation = await validationAside(run, what === 'fold' ? only!.fold : 'all', task.description, request.signal);
    const all = validation.texts.length;
    const rows = what === 'fold' && request.alsoIn.length > 0 ? all : Math.min(COMPARED_ROWS, all);
    const tokens = await tokensOf({ texts: validation.texts.slice(0, rows) }, measuring);
    const own =
      only !== undefined && isRecorded(run, only)
        ? firstPredictions(validation.predictions, rows)
        : await ensemblePredictions(folders, { kind: 'tokens', tokens }, measuring.speed, () => throwIfAborted(request));
    begin();
    if (request.format === 'onnx') await writePortableFolder(temporary, folders, ['float32', ...request.alsoIn]);
    else copyModelFolder(first, temporary);
    const compared: Compared[] = [];
    for (const precision of ['float32', ...request.alsoIn] as const)
      compared.push(await comparedFile(precision, tokens, own, measuring, request));
    const targets = targetsAt(validation.targets, Array.from({ length: rows }, (_, row) => row));
    const trained = await trainedLoss(run, targets.width, listen);
    const judged = withLoss(task, trained.loss, trained.targets);
    const loss: Loss = measures
      ? await measuredLoss(['float32', ...request.alsoIn], judged, measuring)
      : {
          rows: what === 'fold' ? rowCount(targets) : 0,
          before: what === 'fold' ? measured(judged, targets, own) : {},
          after: new Map(what === 'fold' ? compared.map((file) => [file.precision, measured(judged, targets, file.predictions)]) : []),
        };
    const files = compared.map(({ predictions: _, ...file }): ExportedFile => {
      return { ...file, compared: rows, rows: loss.rows, before: loss.before, after: loss.after.get(file.precision) ?? {} };
    });
    const exported: ExportedModel = {
      folder,
      what,
      models: models.map(modelName),
      predictedBy: predictingModels(run).map(modelName),
      ...(only === undefined ? {} : { fold: only.fold, ...(only.seed === undefined ? {} : { seed: only.seed }) }),
      task: task.description,
      files,
    };
    await writeCard(temporary, run, exported, { task, trained, maxLength, format: request.format }, request.signal);
    throwIfAborted(request);
    commit();
    return exported;
  } finally {
    discard();
  }
}

type Compared = Pick<ExportedFile, 'path' | 'precision' | 'bytes' | 'maxDifference'> & { readonly predictions: Predictions };

/** Whoever loads the file has a CPU; on it the check is of the file alone. */
function speedOf(run: StoredRun, { threads }: ExportRequest) {
  return { device: 'cpu', threads: threads ?? threadsOf(run), batchSize: run.experiment.training.eval_batch_size } as const;
}

async function comparedFile(
  precision: Precision,
  tokens: TokenSet,
  own: Predictions,
  { run, task, temporary: folder, speed, ...measuring }: Measuring,
  request: ExportRequest,
): Promise<Compared> {
  const path = request.format === 'onnx' ? PORTABLE_FILES[precision] : 'model.safetensors';
  const file = join(folder, path);
  const onProgress = (done: number): void => measuring.onProgress(done, tokens.offsets.length - 1, path);
  const predictions =
    request.format === 'onnx'
      ? await portablePredictions(file, tokens, task.published, speed, onProgress)
      : await ensemblePredictions([folder], { kind: 'tokens', tokens }, speed, onProgress);
  const difference = (unitOf: (i: number) => number): number =>
    predictions.numbers.reduce((most, number, i) => Math.max(most, Math.abs(number - valueAt(own.numbers, i)) / unitOf(i)), 0);
  const maxDifference = difference(() => 1);
  if (!(difference(unitsOf(task)) <= (precision === 'float32' ? SAME : 1))) throw differs(path, maxDifference, run, request);
  return { path, precision, bytes: statSync(file).size, maxDifference, predictions };
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

function differs(path: string, difference: number, run: StoredRun, { to }: ExportRequest): OrtrainError {
  const far = Number.isFinite(difference) ? `differ by up to ${difference.toPrecision(2)}` : 'are not numbers';
  return new OrtrainError('run', `the exported ${path} does not compute what the run computed: predictions ${far}; ${to} was not written`, {
    subject: run.name,
    remedy: `If files in ${run.folder} were changed after the run, start it again: pipeline run ${join(run.folder, 'config.yaml')}`,
  });
}

function throwIfAborted({ signal }: ExportRequest): void {
  if (signal?.aborted === true) throw new OrtrainError('interrupted', 'stopped before the end; nothing was written');
}

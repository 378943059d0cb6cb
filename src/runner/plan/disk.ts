import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Experiment } from '../../config/index.ts';
import { LINK_FROM_BYTES } from '../../core/files.ts';
import { valueAt } from '../../core/values.ts';
import { isWeightFile } from '../../data/hub/index.ts';
import type { TokenSet } from '../../data/tokens/index.ts';
import { classifierForward, headModel, lowerWidth } from '../../engine/models/index.ts';
import { parameterSums, sumOf } from '../../engine/step-analysis.ts';
import { openTask } from '../../tasks/index.ts';
import { classifierPrograms, optimizerOf, sharedTensors, type Store } from '../../training/index.ts';
import type { DataSizes } from '../check/data.ts';
import { foldOf, trainedModels, type Job } from '../jobs/job-graph.ts';
import type { Workload } from './workload.ts';

/** What a run's jobs are made of. */
export interface Substance {
  readonly workload: Workload | undefined;
  readonly experiment: Experiment;
  readonly sizes: DataSizes;
}

/** Bytes of a row in a table of results beside what is predicted, and of a number there. */
const [ROW, NUMBER] = [24, 20];
/** The page with its figures, and what each fold adds to it: 0.6 MB and 50 kB were measured. */
const [REPORT, FOLD_OF_REPORT] = [0.6e6, 5e4];

/** What a job leaves on the disk, in the cache and in the run's folder, which share the large files. */
export function jobDiskBytes(job: Job, { workload, experiment, sizes }: Substance): number {
  const { stage, files } = job;
  const { rows, testRows } = sizes;
  const numbers = openTask(sizes.task).columns.predictions.length;
  const table = (of: number): number => placed(of * (ROW + NUMBER * numbers));
  switch (stage.name) {
    case 'examples':
      return Object.values(files).reduce((bytes, path) => bytes + placed(statSync(path).size), 0);
    case 'tokenize':
      return workload === undefined ? 0 : tokenBytes(workload.tokens.train) + tokenBytes(workload.tokens.test);
    case 'encode':
      if (workload === undefined) return 0;
      return encodedBytes(workload, rows + (testRows ?? 0), experiment.model.freeze.store) + sharedBytes(workload);
    case 'train':
      if (workload === undefined) return 0;
      return modelBytes(workload, files) + NUMBER * numbers * valueAt(sizes.validationRowsOfFold, foldOf(job));
    case 'refit':
      return workload === undefined ? 0 : modelBytes(workload, files);
    case 'evaluate':
      return table(rows) + REPORT + FOLD_OF_REPORT * trainedModels(experiment).length;
    case 'predict':
    case 'submit':
      return table(testRows ?? 0);
    default:
      return placed(ROW * rows);
  }
}

/**
 * The most that the checkpoints of one fold take: the trained parameters with the optimizer's numbers and the best model, and, while it is
 * written, the next one.
 */
export function checkpointBytes({ workload, experiment }: Substance): number {
  if (workload === undefined) return 0;
  const trained = parameterSums(classifierPrograms(workload.whole, workload.part).step).trained.bytes;
  return 2 * trained * (2 + optimizerOf(experiment.training, workload.whole.encoder).rule.slots.length);
}

/** Small files are copies in the run's folder, large ones links. */
function placed(size: number): number {
  return size < LINK_FROM_BYTES ? 2 * size : size;
}

/** Of the weights, and of the tokenizer's files beside them. */
function modelBytes(workload: Workload, files: Job['files']): number {
  const weights = sumOf(classifierForward(workload.whole).parameters).bytes - sharedBytes(workload);
  const others = Object.values(files).filter((path) => !isWeightFile(basename(path)));
  return placed(weights) + others.reduce((sum, path) => sum + placed(statSync(path).size), 0);
}

function sharedBytes({ whole, part }: Workload): number {
  return sumOf(sharedTensors(whole.encoder, part)).bytes;
}

/** What is kept of all texts: of frozen layers every token, without padding. */
function encodedBytes({ whole, part, tokens }: Workload, rows: number, store: Store): number {
  if (part.fed !== 'states') return 4 * headModel(whole).width * rows;
  const count = tokens.train.ids.length + (tokens.test?.ids.length ?? 0);
  const { encoder, pooling = 'default' } = whole;
  return (store === 'float16' ? 2 : 4) * encoder.hiddenSize * count + 4 * lowerWidth(encoder, pooling, part.state) * rows;
}

function tokenBytes(tokens: TokenSet | undefined): number {
  return tokens === undefined ? 0 : 4 * (tokens.offsets.length + tokens.ids.length) + ROW * tokens.offsets.length;
}

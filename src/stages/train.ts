import { join } from 'node:path';
import { writeJsonAtomic } from '../core/files.ts';
import { seedFor } from '../core/random.ts';
import { rowsIn, rowsOfFold } from '../data/folds/index.ts';
import type { FoldHistory } from '../tracking/index.ts';
import { HISTORY, MODEL_FOLDER, throwUnlessAligned, VALIDATION, type FoldValidation } from './outputs.ts';
import type { Stage } from './stage.ts';
import { pickTraining, trainedFiles, trainModel, type Files, type TrainingParams } from './train-model.ts';

const needs = { examples: 'source', tokens: 'one', folds: 'one', features: 'optional' } as const;

/** Trains one fold's model from the pretrained weights, afresh, and keeps its best epoch. Output: model. */
export const train: Stage<TrainingParams, Files, typeof needs> = {
  name: 'train',
  version: 3,
  needs,
  reads: 'training',
  makes: 'model',
  writes: (experiment, has, files) => [HISTORY, VALIDATION, ...trainedFiles(experiment, has('features'), files)],
  publishes: { [MODEL_FOLDER]: 'models/{fold}' },
  usesDevice: true,
  isSeeded: true,
  pick: pickTraining,
  async run(context) {
    const { params, inputs, output, fold } = context;
    const { labelled: examples } = inputs.examples;
    const division = await inputs.folds.division();
    throwUnlessAligned({ stage: 'split', rows: rowsIn(division) }, { stage: 'examples', rows: examples.count });
    const rows = rowsOfFold(division, fold);
    const { epochs, best, stopped } = await trainModel(context, { ...rows, seed: seedFor(params.seed, 'fold', fold) });
    const metrics = epochs.find(({ epoch }) => epoch === best.epoch)?.metrics ?? {};
    writeJsonAtomic(join(output, HISTORY), { fold, best_epoch: best.epoch, stopped, epochs, best: metrics } satisfies FoldHistory);
    writeJsonAtomic(join(output, VALIDATION), {
      rows: [...rows.validation],
      probabilities: [...best.validation],
    } satisfies FoldValidation);
  },
};

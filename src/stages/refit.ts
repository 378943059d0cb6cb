import { join } from 'node:path';
import { writeJsonAtomic } from '../core/files.ts';
import { seedFor } from '../core/random.ts';
import { plural } from '../core/text.ts';
import type { ModelHistory } from '../tracking/index.ts';
import { HISTORY, MODEL_FOLDER } from './outputs.ts';
import type { Stage } from './stage.ts';
import { pickTraining, trainedFiles, trainModel, type Files, type TrainingParams } from './train-model.ts';

const needs = { examples: 'source', tokens: 'one', features: 'optional', model: 'each-fold' } as const;

/** Trains one more model, on all rows, for as many epochs as the folds' models needed on average. Output: final. */
export const refit: Stage<TrainingParams, Files, typeof needs> = {
  name: 'refit',
  version: 1,
  needs,
  reads: 'training',
  makes: 'final',
  writes: (experiment, has, files) => [HISTORY, ...trainedFiles(experiment, has('features'), files)],
  publishes: { [MODEL_FOLDER]: 'models/{all}' },
  usesDevice: true,
  requires: 'training.refit',
  follows: true,
  isSeeded: true,
  pick: pickTraining,
  async run(context) {
    const { params, inputs, output, emit } = context;
    const best = inputs.model.map((model) => model.history().best_epoch);
    const epochs = Math.max(1, Math.round(best.reduce((sum, epoch) => sum + epoch, 0) / best.length));
    emit({
      type: 'notice',
      level: 'info',
      message: `trains on all rows for ${plural(epochs, 'epoch')}, the mean of the folds' best epochs ${best.join(', ')}`,
    });
    const train = Int32Array.from({ length: inputs.examples.labelled.count }, (_, row) => row);
    const rows = { train, validation: new Int32Array(0), seed: seedFor(params.seed, 'all'), epochs };
    const result = await trainModel(context, rows);
    const metrics = result.epochs.at(-1)?.metrics ?? {};
    const history = { best_epoch: epochs, stopped: result.stopped, epochs: result.epochs, best: metrics } satisfies ModelHistory;
    writeJsonAtomic(join(output, HISTORY), history);
  },
};

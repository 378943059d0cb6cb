import { join } from 'node:path';
import { writeFileAtomic } from '../core/files.ts';
import { writeCsv } from '../data/tables/index.ts';
import { loadTokens } from '../data/tokens/index.ts';
import { ensemblePredictions, loadFeatures, type EnsembleInput } from '../training/index.ts';
import { readExampleIndex } from './outputs.ts';
import { tableRows } from './prediction-table.ts';
import type { Stage } from './stage.ts';

/** The mean of the folds' predictions for every test row. Output: predictions. */
export const predict: Stage<null> = {
  name: 'predict',
  version: 2,
  needs: { tokens: 'one', features: 'optional', model: 'each-fold' },
  reads: 'everything',
  makes: 'predictions',
  writes: () => ['predictions.csv'],
  publishes: { 'predictions.csv': 'predictions.csv' },
  usesDevice: true,
  pick: () => ({ params: null, files: {} }),
  async run({ inputs, output, device, threads, evalBatchSize, emit, throwIfStopped }) {
    const tokens = inputs.one('tokens');
    const { task, test } = readExampleIndex(tokens);
    const ids = test?.ids ?? [];
    const features = inputs.optional('features');
    const models = inputs.eachFold('model').map((folder) => join(folder, 'model'));
    const texts: EnsembleInput =
      features === undefined
        ? { kind: 'tokens', tokens: loadTokens(join(tokens, 'test.tokens')) }
        : { kind: 'features', features: loadFeatures(join(features, 'test.features')) };
    const predictions = await ensemblePredictions(models, texts, { device, threads, batchSize: evalBatchSize }, (done, total) => {
      throwIfStopped();
      emit({ type: 'progress', done, total, unit: 'texts' });
    });
    const rows = tableRows(ids.length, (row) => [ids[row]!], task.columns.predictionCells(predictions));
    writeFileAtomic(join(output, 'predictions.csv'), writeCsv(['id', ...task.columns.predictions], rows));
  },
};

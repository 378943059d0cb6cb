import { join } from 'node:path';
import { writeFileAtomic } from '../core/files.ts';
import { writeCsv } from '../data/csv.ts';
import { loadTokens } from '../data/tokens.ts';
import { ensembleProbabilities, type EnsembleInput } from '../training/ensemble.ts';
import { loadFeatures } from '../training/features.ts';
import { readExampleIndex } from './outputs.ts';
import { predictionColumns, predictionRows } from './prediction-table.ts';
import type { Stage } from './stage.ts';

/** The mean of the folds' probabilities for every test row. Output: predictions. */
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
    const { classes, test } = readExampleIndex(tokens);
    const ids = test?.ids ?? [];
    const features = inputs.optional('features');
    const models = inputs.eachFold('model').map((folder) => join(folder, 'model'));
    const texts: EnsembleInput =
      features === undefined
        ? { kind: 'tokens', tokens: loadTokens(join(tokens, 'test.tokens')) }
        : { kind: 'features', features: loadFeatures(join(features, 'test.features')) };
    const probabilities = await ensembleProbabilities(models, texts, { device, threads, batchSize: evalBatchSize }, (done, total) => {
      throwIfStopped();
      emit({ type: 'progress', done, total, unit: 'texts' });
    });
    const rows = predictionRows(probabilities, classes, ids.length, (row) => [ids[row]!]);
    writeFileAtomic(join(output, 'predictions.csv'), writeCsv(['id', ...predictionColumns(classes)], rows));
  },
};

import { join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { writeFileAtomic } from '../core/files.ts';
import { writeCsv } from '../data/csv.ts';
import { loadTokens } from '../data/tokens.ts';
import { ensembleProbabilities, type EnsembleInput } from '../training/ensemble.ts';
import { loadFeatures } from '../training/features.ts';
import { readExampleIndex } from './outputs.ts';
import { predictionColumns, predictionFields } from './prediction-table.ts';
import type { Stage } from './stage.ts';

interface Params {
  readonly training: Pick<Experiment['training'], 'eval_batch_size'>;
}

/** The mean of the folds' probabilities for every test row. Output: predictions. */
export const predict: Stage<Params> = {
  name: 'predict',
  version: 2,
  needs: { tokens: 'one', features: 'optional', model: 'each-fold' },
  reads: 'everything',
  makes: 'predictions',
  writes: () => ['predictions.csv'],
  publishes: { 'predictions.csv': 'predictions.csv' },
  usesDevice: true,
  pick: ({ training }) => ({ params: { training: { eval_batch_size: training.eval_batch_size } }, files: {} }),
  async run({ params, inputs, output, device, threads, emit, throwIfStopped }) {
    const tokens = inputs.one('tokens');
    const { classes, test } = readExampleIndex(tokens);
    const ids = test?.ids ?? [];
    const features = inputs.optional('features');
    const models = inputs.eachFold('model').map((folder) => join(folder, 'model'));
    const texts: EnsembleInput =
      features === undefined
        ? { kind: 'tokens', tokens: loadTokens(join(tokens, 'test.tokens')) }
        : { kind: 'features', features: loadFeatures(join(features, 'test.features')) };
    const probabilities = await ensembleProbabilities(models, texts, { device, threads, batchSize: params.training.eval_batch_size }, (done, total) => {
      throwIfStopped();
      emit({ type: 'progress', done, total, unit: 'texts' });
    });
    const rows = predictionFields(probabilities, classes).map((fields, row) => [ids[row] ?? '', ...fields]);
    writeFileAtomic(join(output, 'predictions.csv'), writeCsv(['id', ...predictionColumns(classes)], rows));
  },
};

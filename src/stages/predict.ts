import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Experiment } from '../config/index.ts';
import { writeFileAtomic } from '../core/files.ts';
import { valueAt } from '../core/values.ts';
import { writeCsv } from '../data/tables/index.ts';
import type { StoredRows } from '../tasks/index.ts';
import { ensemblePredictions, type EnsembleInput } from '../training/index.ts';
import { PREDICTIONS, throwUnlessAligned } from './outputs.ts';
import { tableRows } from './prediction-table.ts';
import type { Inputs, Stage } from './stage.ts';

const needs = { examples: 'source', tokens: 'one', features: 'optional', model: 'each-fold', final: 'any' } as const;

/** Null for the models of the folds, so that what was predicted before there were others is still found. */
type Params = { readonly models: Exclude<Experiment['prediction']['models'], 'folds'> } | null;

/** The mean of the models' predictions for every test row. Output: predictions. */
export const predict: Stage<Params, Record<never, never>, typeof needs> = {
  name: 'predict',
  version: 2,
  needs,
  reads: 'everything',
  makes: 'predictions',
  writes: () => [PREDICTIONS],
  publishes: { [PREDICTIONS]: 'predictions.csv' },
  usesDevice: true,
  requires: 'data.test',
  pick: ({ prediction: { models } }) => ({ params: models === 'folds' ? null : { models }, files: {} }),
  async run({ params, inputs, output, device, threads, evalBatchSize, emit, throwIfStopped }) {
    const { task, test } = inputs.examples;
    if (test === null) throw new Error('the stage predict was started without rows to predict');
    const which = params?.models ?? 'folds';
    const used = [...(which === 'all' ? [] : inputs.model), ...(which === 'folds' ? [] : inputs.final)];
    const models = used.map(({ folder }) => folder);
    const texts = textsOf(inputs, test);
    const predictions = await ensemblePredictions(models, texts, { device, threads, batchSize: evalBatchSize }, (done, total) => {
      throwIfStopped();
      emit({ type: 'progress', done, total, unit: 'texts' });
    });
    const ids = test.ids();
    const rows = tableRows(ids.length, (row) => [valueAt(ids, row)], task.columns.predictionCells(predictions));
    writeFileAtomic(join(output, PREDICTIONS), writeCsv(['id', ...task.columns.predictions], rows));
  },
};

/** The rows to predict, as tokens or as what a frozen encoder makes of them. */
function textsOf({ tokens, features }: Inputs<typeof needs>, { count: rows }: StoredRows): EnsembleInput {
  const test = { stage: 'examples', rows };
  const own = tokens.test();
  if (own === null) throw new Error('there are rows to predict, and no tokens of them');
  if (features !== undefined && existsSync(features.states('test'))) {
    throwUnlessAligned({ stage: 'tokenize', rows: own.offsets.length - 1 }, test);
    return { kind: 'states', states: { path: features.states('test'), tokens: own } };
  }
  if (features !== undefined) {
    const { width, values } = features.test();
    throwUnlessAligned({ stage: 'encode', rows: values.length / width }, test);
    return { kind: 'features', features: { width, values } };
  }
  throwUnlessAligned({ stage: 'tokenize', rows: own.offsets.length - 1 }, test);
  return { kind: 'tokens', tokens: own };
}

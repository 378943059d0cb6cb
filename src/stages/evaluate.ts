import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '../core/files.ts';
import { writeCsv } from '../data/csv.ts';
import { classificationMetrics, logLoss, meanAndSd } from '../data/metrics.ts';
import type { FoldHistory, RunMetrics } from '../tracking/run-files.ts';
import { readExampleIndex, readJson, type FoldValidation } from './outputs.ts';
import { predictionColumns, predictionFields } from './prediction-table.ts';
import type { Stage } from './stage.ts';

/** Puts the folds' validation predictions together and measures them. Output: evaluation. */
export const evaluate: Stage<null> = {
  name: 'evaluate',
  version: 2,
  needs: { tokens: 'one', model: 'each-fold' },
  reads: 'training',
  makes: 'evaluation',
  writes: () => ['metrics.json', 'oof.csv'],
  publishes: { 'metrics.json': 'metrics.json', 'oof.csv': 'oof.csv' },
  usesDevice: false,
  pick: () => ({ params: null, files: {} }),
  async run({ inputs, output }) {
    const { classes, train } = readExampleIndex(inputs.one('tokens'));
    const models = inputs.eachFold('model');
    const folds = models.map((model) => readJson<FoldHistory>(model, 'history.json'));
    const predicted = outOfFold(folds, models.map((model) => readJson<FoldValidation>(model, 'validation.json')));
    const probabilities = Float64Array.from(predicted.flatMap((row) => row.probabilities));
    const labels = Int32Array.from(predicted, ({ row }) => train.labels[row] ?? -1);

    const metrics: RunMetrics = {
      classes,
      folds,
      cv: Object.fromEntries(validationNames(folds).map((name) => [name, meanAndSd(folds.map((fold) => fold.best[`val/${name}`] ?? NaN))])),
      oof: Object.fromEntries(Object.entries({ loss: logLoss(labels, probabilities, classes.length), ...classificationMetrics(labels, probabilities, classes.length) }).map(([name, value]) => [`oof/${name}`, value])),
    };
    writeJsonAtomic(join(output, 'metrics.json'), metrics);

    const rows = predictionFields(probabilities, classes).map((fields, i) => {
      const { row, fold } = predicted[i] as OutOfFoldRow;
      return [train.ids[row] ?? '', fold, classes[train.labels[row] ?? -1] ?? '', ...fields];
    });
    writeFileAtomic(join(output, 'oof.csv'), writeCsv(['id', 'fold', 'target', ...predictionColumns(classes)], rows));
  },
};

interface OutOfFoldRow {
  readonly row: number;
  readonly fold: number;
  /** One number for two classes, otherwise one a class. */
  readonly probabilities: readonly number[];
}

/** Every row that a trained fold has validated, in the order of the table. */
function outOfFold(folds: readonly FoldHistory[], validations: readonly FoldValidation[]): readonly OutOfFoldRow[] {
  return validations
    .flatMap(({ rows, probabilities }, i) => {
      const [width, fold] = [probabilities.length / rows.length, folds[i]?.fold ?? 0];
      return rows.map((row, at) => ({ row, fold, probabilities: probabilities.slice(at * width, (at + 1) * width) }));
    })
    .sort((a, b) => a.row - b.row);
}

function validationNames(folds: readonly FoldHistory[]): readonly string[] {
  return Object.keys(folds[0]?.best ?? {})
    .filter((name) => name.startsWith('val/'))
    .map((name) => name.slice('val/'.length));
}

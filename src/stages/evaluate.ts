import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '../core/files.ts';
import { writeCsv } from '../data/csv.ts';
import { classificationMetrics, meanAndSd } from '../data/metrics.ts';
import { readExampleIndex, readJson, type ExampleIndex, type FoldHistory, type FoldValidation, type RunMetrics } from './outputs.ts';
import { predictionColumns, predictionFields } from './prediction-table.ts';
import type { Stage } from './stage.ts';

/** Puts the folds' validation predictions together and measures them. Output: evaluation. */
export const evaluate: Stage<null> = {
  name: 'evaluate',
  version: 1,
  needs: { tokens: 'one', model: 'each-fold' },
  makes: 'evaluation',
  publishes: { 'metrics.json': 'metrics.json', 'oof.csv': 'oof.csv' },
  usesDevice: false,
  pick: () => ({ params: null, files: {} }),
  async run({ inputs, output }) {
    const index = readExampleIndex(inputs.one('tokens'));
    const models = inputs.eachFold('model');
    const folds = models.map((model) => readJson<FoldHistory>(model, 'history.json'));
    const validations = models.map((model) => readJson<FoldValidation>(model, 'validation.json'));
    const { foldOf, probabilities } = outOfFold(index, validations);

    const labels = Int32Array.from(index.train.labels);
    const oof = classificationMetrics(labels, probabilities, index.classes.length);
    const metrics: RunMetrics = {
      classes: index.classes,
      folds,
      cv: Object.fromEntries(validationNames(folds).map((name) => [name, meanAndSd(folds.map((fold) => fold.best[`val/${name}`] ?? NaN))])),
      oof: Object.fromEntries(Object.entries(oof).map(([name, value]) => [`oof/${name}`, value])),
    };
    writeJsonAtomic(join(output, 'metrics.json'), metrics);

    const rows = predictionFields(probabilities, index.classes).map((fields, row) => [
      index.train.ids[row] ?? '',
      foldOf[row] ?? -1,
      index.classes[labels[row] ?? -1] ?? '',
      ...fields,
    ]);
    writeFileAtomic(join(output, 'oof.csv'), writeCsv(['id', 'fold', 'target', ...predictionColumns(index.classes)], rows));
  },
};

function outOfFold(index: ExampleIndex, validations: readonly FoldValidation[]): { readonly foldOf: Int32Array; readonly probabilities: Float64Array } {
  const width = index.classes.length === 2 ? 1 : index.classes.length;
  const foldOf = new Int32Array(index.train.ids.length).fill(-1);
  const probabilities = new Float64Array(index.train.ids.length * width);
  validations.forEach((validation, fold) =>
    validation.rows.forEach((row, i) => {
      foldOf[row] = fold;
      probabilities.set(validation.probabilities.slice(i * width, (i + 1) * width), row * width);
    }),
  );
  return { foldOf, probabilities };
}

function validationNames(folds: readonly FoldHistory[]): readonly string[] {
  return Object.keys(folds[0]?.best ?? {})
    .filter((name) => name.startsWith('val/'))
    .map((name) => name.slice('val/'.length));
}

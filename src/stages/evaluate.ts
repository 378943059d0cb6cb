import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '../core/files.ts';
import { writeCsv } from '../data/tables/index.ts';
import { meanAndSd } from '../data/statistics/index.ts';
import { targetsAt } from '../data/examples/index.ts';
import { measured, type Cells, type Predictions } from '../tasks/index.ts';
import type { FoldHistory, RunMetrics } from '../tracking/index.ts';
import { readExampleIndex, readJson, type FoldValidation } from './outputs.ts';
import { tableRows } from './prediction-table.ts';
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
    const { task, train } = readExampleIndex(inputs.one('tokens'));
    const models = inputs.eachFold('model');
    const folds = models.map((model) => readJson<FoldHistory>(model, 'history.json'));
    const {
      rows: at,
      folds: foldOf,
      predictions,
    } = outOfFold(
      folds,
      models.map((model) => readJson<FoldValidation>(model, 'validation.json')),
    );
    const targets = targetsAt(train.targets, at);

    const metrics: RunMetrics = {
      ...task.description,
      folds,
      cv: Object.fromEntries(validationNames(folds).map((name) => [name, meanAndSd(folds.map((fold) => fold.best[`val/${name}`] ?? NaN))])),
      oof: Object.fromEntries(Object.entries(measured(task, targets, predictions)).map(([name, value]) => [`oof/${name}`, value])),
    };
    writeJsonAtomic(join(output, 'metrics.json'), metrics);

    const { columns } = task;
    const places: Cells = (i) => [train.ids[at[i]!] ?? '', foldOf[i]!];
    const rows = tableRows(at.length, places, columns.targetCells(targets), columns.predictionCells(predictions));
    writeFileAtomic(join(output, 'oof.csv'), writeCsv(['id', 'fold', ...columns.targets, ...columns.predictions], rows));
  },
};

/** Rows that trained folds have validated, in the order of the table. */
interface OutOfFoldRows {
  /** Positions in the table. */
  readonly rows: Int32Array;
  readonly folds: Int32Array;
  readonly predictions: Predictions;
}

function outOfFold(folds: readonly FoldHistory[], validations: readonly FoldValidation[]): OutOfFoldRows {
  const found = validations.flatMap(({ rows }, fold) => rows.map((row, at) => ({ row, fold, at }))).sort((a, b) => a.row - b.row);
  const [first] = validations;
  const width = first === undefined ? 1 : first.probabilities.length / first.rows.length;
  const numbers = new Float64Array(found.length * width);
  found.forEach(({ fold, at }, i) => {
    for (let k = 0; k < width; k++) numbers[i * width + k] = validations[fold]!.probabilities[at * width + k]!;
  });
  return {
    rows: Int32Array.from(found, ({ row }) => row),
    folds: Int32Array.from(found, ({ fold }) => folds[fold]?.fold ?? 0),
    predictions: { width, numbers },
  };
}

function validationNames(folds: readonly FoldHistory[]): readonly string[] {
  return Object.keys(folds[0]?.best ?? {})
    .filter((name) => name.startsWith('val/'))
    .map((name) => name.slice('val/'.length));
}

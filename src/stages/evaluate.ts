import { valueAt } from '../core/values.ts';
import { join } from 'node:path';
import { OrtrainError } from '../core/errors.ts';
import { writeFileAtomic, writeJsonAtomic } from '../core/files.ts';
import { figureOf } from '../core/measures.ts';
import { plural } from '../core/text.ts';
import { writeCsv } from '../data/tables/index.ts';
import { meanAndSd } from '../data/statistics/index.ts';
import { targetsAt, valuesAt } from '../data/examples/index.ts';
import { measured, type Cells, type Predictions } from '../tasks/index.ts';
import type { FoldHistory, RunMetrics } from '../tracking/index.ts';
import type { FoldValidation } from './outputs.ts';
import { tableRows } from './prediction-table.ts';
import type { Stage } from './stage.ts';

const needs = { examples: 'source', model: 'each-fold' } as const;

/** Puts the folds' validation predictions together and measures them. Output: evaluation. */
export const evaluate: Stage<null, Record<never, never>, typeof needs> = {
  name: 'evaluate',
  version: 2,
  needs,
  reads: 'training',
  makes: 'evaluation',
  writes: () => ['metrics.json', 'oof.csv'],
  publishes: { 'metrics.json': 'metrics.json', 'oof.csv': 'oof.csv' },
  usesDevice: false,
  pick: () => ({ params: null, files: {} }),
  async run({ inputs, output }) {
    const { task, train } = inputs.examples;
    const models = inputs.model.map((model) => ({ history: model.history(), validation: model.validation() }));
    const folds = models.map(({ history }) => history);
    const { rows: at, folds: foldOf, predictions } = outOfFold(models, train.count);
    const targets = targetsAt(train.targets(), at);

    const metrics: RunMetrics = {
      ...task.description,
      folds,
      cv: Object.fromEntries(
        validationNames(folds).map((name) => [name, meanAndSd(folds.map(({ best }) => figureOf(best, `val/${name}`)))]),
      ),
      oof: Object.fromEntries(Object.entries(measured(task, targets, predictions)).map(([name, value]) => [`oof/${name}`, value])),
    };
    writeJsonAtomic(join(output, 'metrics.json'), metrics);

    const { columns } = task;
    const ids = valuesAt(train.ids(), at);
    const places: Cells = (i) => [valueAt(ids, i), valueAt(foldOf, i)];
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

interface JudgedFold {
  readonly history: FoldHistory;
  readonly validation: FoldValidation;
}

/** Throws a `data` error where a row is validated twice, or is none of the `count` rows. */
function outOfFold(folds: readonly JudgedFold[], count: number): OutOfFoldRows {
  const found = folds.flatMap(({ history: { fold }, validation: { rows, probabilities } }) => {
    const width = probabilities.length / rows.length;
    return rows.map((row, at) => ({ row, fold, numbers: probabilities.slice(at * width, (at + 1) * width) }));
  });
  found.sort((a, b) => a.row - b.row);
  const rows = Int32Array.from(found, ({ row }) => row);
  const wrong = rows.findIndex((row, i) => row >= count || row === rows[i - 1]);
  if (wrong !== -1) throw misplaced(valueAt(rows, wrong), count);
  const width = found[0]?.numbers.length ?? 1;
  const numbers = new Float64Array(found.length * width);
  found.forEach((each, i) => numbers.set(each.numbers, i * width));
  return { rows, folds: Int32Array.from(found, ({ fold }) => fold), predictions: { width, numbers } };
}

function misplaced(row: number, count: number): OrtrainError {
  const problem =
    row >= count
      ? `examples has ${plural(count, 'row')}, and train has validated row ${row + 1}`
      : `train has validated row ${row + 1} twice`;
  return new OrtrainError('data', `the outputs of train and examples do not belong together: ${problem}`, {
    remedy: 'Make both again: pipeline run with --force examples.',
  });
}

function validationNames(folds: readonly FoldHistory[]): readonly string[] {
  return folds
    .slice(0, 1)
    .flatMap(({ best }) => Object.keys(best))
    .filter((name) => name.startsWith('val/'))
    .map((name) => name.slice('val/'.length));
}

import { join } from 'node:path';
import { isUsualLoss, usualLoss, type Experiment } from '../config/index.ts';
import { writeFileAtomic, writeJsonAtomic } from '../core/files.ts';
import { figureOf } from '../core/measures.ts';
import { valueAt } from '../core/values.ts';
import { writeCsv } from '../data/tables/index.ts';
import { meanAndSd } from '../data/statistics/index.ts';
import { targetsAt, valuesAt, type Targets } from '../data/examples/index.ts';
import { measured, withLoss, type Cells, type Task } from '../tasks/index.ts';
import type { RunMetrics } from '../tracking/index.ts';
import { averagedFold, outOfFold, validationNames, type FoldResult, type JudgedModel, type OutOfFoldRows } from './fold-results.ts';
import { tableRows } from './prediction-table.ts';
import type { Stage } from './stage.ts';

/** Null where each row is validated by one model of the usual loss, so that what was evaluated before there was a choice is still found. */
type Params = {
  readonly seeds?: readonly number[];
  readonly repeats?: number;
  readonly loss?: Experiment['training']['loss'];
} | null;

const needs = { examples: 'source', model: 'each-fold', baseline: 'optional' } as const;

/** Puts the models' validation predictions together and measures them. Output: evaluation. */
export const evaluate: Stage<Params, Record<never, never>, typeof needs> = {
  name: 'evaluate',
  version: 2,
  needs,
  reads: 'training',
  makes: 'evaluation',
  writes: () => ['metrics.json', 'oof.csv'],
  publishes: { 'metrics.json': 'metrics.json', 'oof.csv': 'oof.csv' },
  usesDevice: false,
  pick: ({ training: { seeds, loss }, split: { repeats } }) => {
    const params = {
      ...(seeds === null ? {} : { seeds }),
      ...(repeats === null ? {} : { repeats }),
      ...(isUsualLoss(loss) ? {} : { loss }),
    };
    return { params: Object.keys(params).length === 0 ? null : params, files: {} };
  },
  async run({ params, inputs, output }) {
    const { labelled: train } = inputs.examples;
    const targets = train.targets();
    const task = withLoss(inputs.examples.task, params?.loss ?? usualLoss, targets);
    const models = inputs.model.map((model) => ({ history: model.history(), validation: model.validation() }));
    const seeds = params?.seeds ?? null;
    const folds = seeds === null ? models : byFold(models, seeds).map((own) => averagedFold(own, seeds, task, targets));
    const joined = (own: readonly FoldResult[]): OutOfFoldRows => outOfFold(own, train.count, params?.repeats);
    const together = joined(folds);
    const alone = (own: readonly JudgedModel[]): Scores => scores(own, joined(own), task, targets);
    const own = targetsAt(targets, together.rows);
    const names = validationNames(folds.map(({ history }) => history));
    const baseline = inputs.baseline?.predictions(together.rows) ?? null;
    const metrics: RunMetrics = {
      ...task.description,
      folds: folds.map(({ history }) => history),
      ...scores(folds, together, task, targets),
      ...(seeds === null ? {} : { seeds: seeds.map((seed, i) => ({ seed, ...alone(models.filter((_, at) => at % seeds.length === i)) })) }),
      ...(baseline === null ? {} : { baseline: named('baseline/oof/', measured(task, own, baseline, names)) }),
    };
    writeJsonAtomic(join(output, 'metrics.json'), metrics);

    const { columns } = task;
    const ids = valuesAt(train.ids(), together.rows);
    const places: Cells = (i) => [valueAt(ids, i), valueAt(together.folds, i)];
    const rows = tableRows(ids.length, places, columns.targetCells(own), columns.predictionCells(together.predictions));
    writeFileAtomic(join(output, 'oof.csv'), writeCsv(['id', 'fold', ...columns.targets, ...columns.predictions], rows));
  },
};

type Scores = Pick<RunMetrics, 'cv' | 'oof'>;

/** Mean and deviation over the folds, and all their rows together. */
function scores(folds: readonly FoldResult[], { rows, predictions }: OutOfFoldRows, task: Task, targets: Targets): Scores {
  const histories = folds.map(({ history }) => history);
  const names = validationNames(histories); // more than the usual ones where training watches others
  return {
    cv: Object.fromEntries(
      names.map((name) => [name, meanAndSd(histories.map(({ best }) => figureOf(best, `val/${name}`)))]),
    ),
    oof: named('oof/', measured(task, targetsAt(targets, rows), predictions, names)),
  };
}

function named(prefix: string, metrics: Readonly<Record<string, number>>): RunMetrics['oof'] {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${prefix}${name}`, value]));
}

/** The models of a fold stand together, one a seed. */
function byFold(models: readonly JudgedModel[], seeds: readonly number[]): readonly (readonly JudgedModel[])[] {
  return Array.from({ length: models.length / seeds.length }, (_, i) => models.slice(i * seeds.length, (i + 1) * seeds.length));
}

import { join } from 'node:path';
import { bareMetric, isUsualLoss, readingOf, tablesOf, targetColumns, usualLoss, type Experiment } from '../config/index.ts';
import { writeJsonAtomic } from '../core/files.ts';
import { columnNames, readTable } from '../data/tables/index.ts';
import { readPredictions, withLoss } from '../tasks/index.ts';
import { throwUnlessAligned } from './outputs.ts';
import type { Stage } from './stage.ts';
import { pickTables, type TableParams } from './tables.ts';
import { testedMetrics, testTargets } from './tested.ts';

interface Params {
  /** How the targets of the table to predict are read. */
  readonly tested: ReturnType<typeof readingOf> & {
    readonly target: readonly string[];
    /** Whether they have to be there. */
    readonly isNamed: boolean;
    readonly options: Pick<TableParams, 'task'> & Pick<TableParams['data'], 'label_separator' | 'missing'>;
  };
  /** Absent where it is the usual one, so that what was measured before there was a choice is still found. */
  readonly loss?: Experiment['training']['loss'];
}

const needs = { examples: 'source', predictions: 'one', evaluation: 'one' } as const;

/** Measures the predictions by the targets of the table to predict, beside what is known of the run. Output: tested. */
export const test: Stage<Params, { readonly test: string }, typeof needs> = {
  name: 'test',
  version: 1,
  needs,
  reads: 'everything',
  makes: 'tested',
  writes: () => ['metrics.json'],
  publishes: { 'metrics.json': 'metrics.json' },
  usesDevice: false,
  requires: 'data.test',
  follows: true,
  applies: hasTargets,
  pick(experiment) {
    const { test: source } = tablesOf(experiment.data);
    if (source === null || source.target === null) throw new Error('the stage test was planned without targets');
    const { data, task } = pickTables(experiment).params;
    const { loss } = experiment.training;
    const { label_separator, missing } = data;
    return {
      params: {
        tested: {
          ...readingOf(source),
          target: targetColumns(source.target),
          isNamed: source.isTargetNamed,
          options: {
            ...(task === undefined ? {} : { task }),
            ...(label_separator === undefined ? {} : { label_separator }),
            ...(missing === undefined ? {} : { missing }),
          },
        },
        ...(isUsualLoss(loss) ? {} : { loss }),
      },
      files: { test: source.path },
    };
  },
  async run({ params: { tested, loss = usualLoss }, files, inputs, output, emit }) {
    const { labelled } = inputs.examples;
    const task = withLoss(inputs.examples.task, loss, labelled.targets());
    const { target, isNamed, options, ...reading } = tested;
    const [table, predicted] = [await readTable({ path: files.test, ...reading }), await inputs.predictions.table()];
    throwUnlessAligned({ stage: 'predict', rows: predicted.rows.length }, { stage: 'test', rows: table.rows.length });
    const metrics = inputs.evaluation.metrics();
    const found = testTargets(task, table, { target, isTargetNamed: isNamed }, options);
    if ('reason' in found) {
      emit({ type: 'notice', level: 'warning', message: found.reason });
      writeJsonAtomic(join(output, 'metrics.json'), metrics);
      return;
    }
    const predictions = readPredictions(predicted, task.columns, 1);
    const named = Object.keys(metrics.oof).map(bareMetric);
    writeJsonAtomic(join(output, 'metrics.json'), { ...metrics, ...testedMetrics(task, found.targets, predictions, named) });
  },
};

/** Whether the table to predict has the columns of the target, or has to have them. */
async function hasTargets({ data }: Experiment): Promise<boolean> {
  const { test: source } = tablesOf(data);
  if (source === null || source.target === null) return false;
  if (source.isTargetNamed) return true;
  const columns = await columnNames(source);
  return targetColumns(source.target).every((column) => columns.includes(column));
}

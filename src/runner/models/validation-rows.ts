import { valueAt } from '../../core/values.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tablesOf } from '../../config/index.ts';
import { OrtrainError } from '../../core/errors.ts';
import { fileInside } from '../../core/inside.ts';
import { modelInWords } from '../../core/model-name.ts';
import type { Targets } from '../../data/examples/index.ts';
import { readTable, requiredColumn } from '../../data/tables/index.ts';
import type { Text } from '../../data/texts/index.ts';
import {
  openTask,
  readPredictions,
  readTargets,
  readValidatedExamples,
  type LabelledExamples,
  type Predictions,
  type TaskDescription,
} from '../../tasks/index.ts';
import { runExamples } from './run-examples.ts';
import type { StoredRun } from '../stored/runs.ts';

/** The rows that a fold was validated on, or those of all folds, and what the run recorded for them. */
export interface Validation {
  readonly texts: readonly Text[];
  readonly targets: Targets;
  readonly predictions: Predictions;
}

/**
 * Texts from the rows that the run has decoded, or else from its training table, predictions from its oof.csv. Throws a `data` error
 * where the two do not belong together.
 */
export async function readValidation(run: StoredRun, fold: number | 'all', description: TaskDescription): Promise<Validation> {
  const file = fileInside(run.folder, 'oof.csv');
  if (!existsSync(file)) {
    throw new OrtrainError('usage', `run ${run.name} has no out-of-fold predictions yet, against which an export is checked`, {
      subject: run.name,
      remedy: `Resume it with: pipeline run ${join(run.folder, 'config.yaml')}`,
    });
  }
  const { data } = run.experiment;
  const { path } = tablesOf(data).validation ?? tablesOf(data).train;
  const [whole, examples] = [await readTable(file), await judgedRows(run)];
  const folds = requiredColumn(whole, 'fold');
  const oof = { ...whole, rows: whole.rows.filter((_, row) => fold === 'all' || folds[row]?.split(' ').includes(String(fold)) === true) };
  const rowOf = new Map(examples.ids.map((id, row) => [id, row]));
  const { columns } = openTask(description);
  const cellsOf = examples.task.columns.targetCells(examples.targets);

  const found = oof.rows.flatMap(([id = '', , ...cells]) => {
    const row = rowOf.get(id);
    const isSame = row !== undefined && cellsOf(row).every((cell, i) => String(cell) === cells[i]);
    return isSame ? [row] : [];
  });
  if (found.length < oof.rows.length || found.length === 0) {
    throw new OrtrainError(
      'data',
      `${path} is not the table that the run was made with: ${oof.rows.length - found.length} of the ${oof.rows.length} rows ` +
        `of ${modelInWords({ fold })} are missing or have another target`,
      {
        subject: path,
        remedy: 'An export is checked against the predictions that the run recorded for these rows; put the table back.',
      },
    );
  }
  return {
    texts: found.map((row) => valueAt(examples.texts, row)),
    targets: readTargets(oof, columns, FIRST),
    predictions: readPredictions(oof, columns, FIRST + columns.targets.length),
  };
}

/** The rows of oof.csv. */
async function judgedRows({ folder, experiment: { data, task: asked } }: StoredRun): Promise<LabelledExamples> {
  const stored = await runExamples(folder);
  if (stored === undefined) return readValidatedExamples(tablesOf(data), { ...data, task: asked });
  const { task, train, validation } = stored;
  const rows = validation ?? train;
  return { task, ids: rows.ids(), texts: rows.texts(), targets: rows.targets() };
}

/** After the id and the fold come the columns of the task. */
const FIRST = 2;

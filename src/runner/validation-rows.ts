import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tablesOf } from '../config/index.ts';
import { OrtrainError } from '../core/errors.ts';
import { fileInside } from '../core/inside.ts';
import { readTrainExamples } from '../data/examples.ts';
import { columnOf, readTable } from '../data/table.ts';
import { probabilityColumns } from '../stages/prediction-table.ts';
import type { StoredRun } from './runs.ts';

/** The rows that a fold was validated on, and what the run recorded for them. */
export interface Validation {
  readonly texts: readonly string[];
  readonly labels: Int32Array;
  /** [rows] of class 1 for two classes, otherwise row-major [rows, classes]. */
  readonly probabilities: Float64Array;
}

/** Texts from the run's training table, probabilities from its oof.csv. Throws a `data` error where the two do not belong together. */
export async function readValidation(run: StoredRun, fold: number, classes: readonly string[]): Promise<Validation> {
  const file = fileInside(run.folder, 'oof.csv');
  if (!existsSync(file)) {
    throw new OrtrainError('usage', `run ${run.name} has no out-of-fold predictions yet, against which an export is checked`, {
      subject: run.name,
      remedy: `Carry it on with: pipeline run ${join(run.folder, 'config.yaml')}`,
    });
  }
  const { data } = run.experiment;
  const { train } = tablesOf(data);
  const [oof, examples] = [await readTable(file), await readTrainExamples(train, { ...data, ...train })];
  const column = (name: string): readonly string[] => columnOf(oof, name) ?? [];
  const [ids, folds, targets] = [column('id'), column('fold'), column('target')];
  const columns = probabilityColumns(classes).map(column);
  const rowOf = new Map(examples.ids.map((id, row) => [id, row]));

  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const rows = ids.flatMap((id, i) => {
    if (Number(folds[i]) !== fold) return [];
    const row = rowOf.get(id);
    const label = labelOf.get(targets[i] ?? '') ?? -1;
    const known = row !== undefined && examples.classes[examples.labels[row] ?? -1] === targets[i];
    return known ? [{ text: examples.texts[row] ?? '', label, probabilities: columns.map((values) => Number(values[i])) }] : [null];
  });
  const found = rows.filter((row) => row !== null);
  if (found.length < rows.length || found.length === 0) {
    throw new OrtrainError('data', `${train.path} is not the table that the run was trained on: ${rows.length - found.length} of fold ${fold}'s ${rows.length} rows are missing or have another target`, {
      subject: train.path,
      remedy: 'An export is checked against the predictions that the run recorded for these rows; put the table back.',
    });
  }
  return {
    texts: found.map(({ text }) => text),
    labels: Int32Array.from(found, ({ label }) => label),
    probabilities: Float64Array.from(found.flatMap(({ probabilities }) => probabilities)),
  };
}

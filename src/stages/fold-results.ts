import { OrtrainError } from '../core/errors.ts';
import { figureIfMeasured } from '../core/measures.ts';
import { plural } from '../core/text.ts';
import { valueAt } from '../core/values.ts';
import { targetsAt, type Targets } from '../data/examples/index.ts';
import { measured, type Predictions, type Task } from '../tasks/index.ts';
import type { EpochRecord, FoldHistory, ModelHistory } from '../tracking/index.ts';
import type { FoldValidation } from './outputs.ts';

/** What became of one model: how its training went, and its predictions for its validation rows. */
export interface JudgedModel {
  readonly history: ModelHistory & { readonly fold: number };
  readonly validation: FoldValidation;
}

/** A fold as its models judge its rows together: of one model, what that says. */
export interface FoldResult {
  readonly history: FoldHistory;
  readonly validation: FoldValidation;
}

/**
 * The result of a fold that is trained with several seeds: predictions are the means of the seeds', and metrics are measured on these;
 * those of the training rows, and what is known of each epoch, are means over the seeds that have it.
 *
 * @param models one a seed, in the order of the seeds
 * @param targets of all rows
 */
export function averagedFold(models: readonly JudgedModel[], seeds: readonly number[], task: Task, targets: Targets): FoldResult {
  const [first, ...others] = models;
  if (first === undefined) throw new Error('a fold has no model');
  const { rows } = first.validation;
  if (others.some(({ validation }) => validation.rows.join() !== rows.join())) throw differentRows(first.history.fold);
  const probabilities = rowMeans(models.map(({ validation }) => validation.probabilities));
  const histories = models.map(({ history }) => history);
  const found = measured(task, targetsAt(targets, rows), asPredictions({ rows, probabilities }), validationNames(histories));
  const ofMean = Object.fromEntries(Object.entries(found).map(([name, value]) => [`val/${name}`, value]));
  // The loss of one model's own logits is rounded otherwise than that of its probabilities.
  const best = { ...meanFigures(histories.map((history) => history.best)), ...(histories.length === 1 ? {} : ofMean) };
  return {
    validation: { rows, probabilities },
    history: {
      fold: first.history.fold,
      best_epoch: Math.round(mean(histories.map(({ best_epoch: epoch }) => epoch))),
      stopped: [...new Set(histories.map(({ stopped }) => stopped))].join('; '),
      epochs: meanEpochs(histories.map(({ epochs }) => epochs)),
      best,
      seeds: histories.map(({ fold: _fold, ...history }, i) => ({ seed: valueAt(seeds, i), ...history })),
    },
  };
}

/** What was measured on validation rows, without `val/`. */
export function validationNames(folds: readonly Pick<FoldHistory, 'best'>[]): readonly string[] {
  return folds
    .slice(0, 1)
    .flatMap(({ best }) => Object.keys(best))
    .filter((name) => name.startsWith('val/'))
    .map((name) => name.slice('val/'.length));
}

/** Rows that models have validated, in the order of the table, and what these say of them together. */
export interface OutOfFoldRows {
  /** Positions in the table. */
  readonly rows: Int32Array;
  /** The number of the fold that has validated each row; of several repeats their numbers, with spaces between them. */
  readonly folds: readonly string[];
  readonly predictions: Predictions;
}

/**
 * The predictions of a row that several repeats have validated are averaged. Throws a `data` error where a row is validated more often than
 * there are repeats, or is none of the `count` rows.
 */
export function outOfFold(folds: readonly FoldResult[], count: number, repeats = 1): OutOfFoldRows {
  const found = folds.flatMap(({ history: { fold }, validation }) => {
    const { width, numbers } = asPredictions(validation);
    return validation.rows.map((row, at) => ({ row, fold, numbers: numbers.subarray(at * width, (at + 1) * width) }));
  });
  found.sort((a, b) => a.row - b.row || a.fold - b.fold);
  const starts = [...found.keys()].filter((i) => found[i]?.row !== found[i - 1]?.row);
  const width = found[0]?.numbers.length ?? 1;
  const [rows, numbers] = [new Int32Array(starts.length), new Float64Array(starts.length * width)];
  const places = starts.map((start, i) => {
    const own = found.slice(start, starts[i + 1] ?? found.length);
    const { row } = valueAt(own, 0);
    if (row >= count || own.length > repeats) throw misplaced(row, count, repeats);
    rows[i] = row;
    for (let k = 0; k < width; k++) numbers[i * width + k] = mean(own.map((each) => valueAt(each.numbers, k)));
    return own.map(({ fold }) => fold).join(' ');
  });
  return { rows, folds: places, predictions: { width, numbers } };
}

function asPredictions({ rows, probabilities }: FoldValidation): Predictions {
  return { width: probabilities.length / rows.length, numbers: Float64Array.from(probabilities) };
}

function rowMeans(all: readonly (readonly number[])[]): readonly number[] {
  return (all[0] ?? []).map((_, i) => mean(all.map((numbers) => valueAt(numbers, i))));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of each metric over those of the records that have a number for it. */
function meanFigures(records: readonly Readonly<Record<string, number | null>>[]): Readonly<Record<string, number>> {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return Object.fromEntries(
    names.map((name) => [name, mean(records.map((record) => figureIfMeasured(record, name)).filter((value) => !Number.isNaN(value)))]),
  );
}

function meanEpochs(all: readonly (readonly EpochRecord[])[]): readonly EpochRecord[] {
  const longest = Math.max(0, ...all.map((epochs) => epochs.length));
  return Array.from({ length: longest }, (_, i) => {
    const own = all.flatMap((epochs) => epochs[i] ?? []);
    return {
      epoch: i + 1,
      lr: mean(own.map(({ lr }) => lr)),
      seconds: mean(own.map(({ seconds }) => seconds)),
      metrics: meanFigures(own.map(({ metrics }) => metrics)),
    };
  });
}

function differentRows(fold: number): OrtrainError {
  return new OrtrainError('data', `the models of fold ${fold} have validated different rows`, {
    remedy: 'Make them again: pipeline run with --force train.',
  });
}

function misplaced(row: number, count: number, repeats: number): OrtrainError {
  const problem =
    row >= count
      ? `examples has ${plural(count, 'row')}, and train has validated row ${row + 1}`
      : `train has validated row ${row + 1} ${repeats === 1 ? 'twice' : 'more often than there are repeats'}`;
  return new OrtrainError('data', `the outputs of train and examples do not belong together: ${problem}`, {
    remedy: 'Make both again: pipeline run with --force examples.',
  });
}

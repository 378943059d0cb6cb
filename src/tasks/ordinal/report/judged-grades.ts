import { valueAt } from '../../../core/values.ts';
import type { Confusable } from '../../figures/confusion.ts';
import type { OutOfFold } from '../../report.ts';
import { ranksOf, scoresOf } from '../grades.ts';

/** Out-of-fold predictions of grades: `classes` are these in order, `labels` and `predictions` are ranks. */
export interface JudgedGrades extends Confusable {
  readonly ids: readonly string[];
  readonly folds: Int32Array;
  /** Expected grades. */
  readonly scores: Float64Array;
}

export function judgedGrades(grades: readonly string[], { ids, folds, targets, predictions }: OutOfFold): JudgedGrades {
  return {
    classes: grades,
    ids,
    folds,
    labels: Int32Array.from(targets.values),
    predictions: ranksOf(predictions),
    scores: scoresOf(predictions),
  };
}

/** [grades] The mean score of the rows of each grade; NaN where it has none. */
export function meanScores({ classes, labels, scores }: JudgedGrades): readonly number[] {
  const [sums, rows] = [new Float64Array(classes.length), new Int32Array(classes.length)];
  labels.forEach((rank, row) => {
    sums[rank]! += valueAt(scores, row);
    rows[rank]! += 1;
  });
  return Array.from(sums, (sum, rank) => sum / valueAt(rows, rank));
}

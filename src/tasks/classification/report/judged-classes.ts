import { decided } from '../columns.ts';
import { labelsOf } from '../labels.ts';
import type { OutOfFold } from '../../report.ts';

/** Out-of-fold predictions of classes. Labels and predictions are positions in `classes`. */
export interface JudgedClasses {
  readonly classes: readonly string[];
  readonly ids: readonly string[];
  readonly folds: Int32Array;
  readonly labels: Int32Array;
  readonly predictions: Int32Array;
  /** [rows] of the second class for two classes, otherwise row-major [rows, classes]. */
  readonly probabilities: Float64Array;
}

export function judgedClasses(classes: readonly string[], { ids, folds, targets, predictions }: OutOfFold): JudgedClasses {
  return { classes, ids, folds, labels: labelsOf(targets), predictions: decided(predictions, classes), probabilities: predictions.numbers };
}

import { valueAt } from '../../core/values.ts';

/** In place of the fold of a row that is not trained on. */
export const LEFT_OUT = -1;

/** In place of the fold of a row that no fold validates: all are trained on it. */
export const ALWAYS_TRAINED = -2;

/**
 * How many rows of these groups are in another fold than some row of their group, so that the model that validates them has been trained
 * on what they have in common.
 */
export function rowsSeenInTraining(alike: readonly (readonly number[])[], foldOf: Int32Array): number {
  return alike
    .map((rows) => rows.filter((row) => foldOf[row] !== LEFT_OUT))
    .filter((rows) => rows.some((row) => foldOf[row] !== foldOf[valueAt(rows, 0)]))
    .reduce((sum, rows) => sum + rows.filter((row) => foldOf[row] !== ALWAYS_TRAINED).length, 0);
}

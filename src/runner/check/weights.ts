import { OrtrainError, type Problem } from '../../core/errors.ts';
import { rowsOfFold, type Division } from '../../data/folds/index.ts';

/**
 * Throws a `data` error for each fold whose training rows all have the weight 0.
 *
 * @param weights of the rows of the training table; rows behind them are validated only
 */
export function throwIfWeightless(
  weights: Float64Array | undefined,
  division: Division,
  only: readonly number[] | null,
  file: string,
): void {
  if (weights === undefined) return;
  const folds = Array.from({ length: division.count }, (_, fold) => fold).filter((fold) => only?.includes(fold) !== false);
  const problems = folds
    .filter((fold) => rowsOfFold(division, fold).train.every((row) => weights[row] === 0))
    .map((fold): Problem => ({ message: `all rows that fold ${fold} is trained on have the weight 0`, file, field: 'data.weight' }));
  if (problems.length === 0) return;
  const remedy = 'Correct the weights, or let every fold have rows that count, with split.shuffle: true or fewer folds.';
  throw new OrtrainError('data', 'some folds have nothing to learn from', { subject: file, problems, remedy });
}

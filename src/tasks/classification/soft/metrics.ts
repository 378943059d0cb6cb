import { rowCount, targetOf, type Targets } from '../../../data/examples/index.ts';
import type { Predictions } from '../../predictions.ts';

/**
 * Mean of −Σ t·log q over the rows, t being the probabilities that are asked for; scikit-learn's `log_loss` of every class of a row,
 * weighted by its probability. Probabilities q are kept float64's epsilon away from 0 and 1.
 */
export function softLogLoss(targets: Targets, { numbers }: Predictions, classes: number): number {
  const rows = rowCount(targets);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    targetOf(targets, row).forEach((share, k) => {
      const q = classes > 2 ? numbers[row * classes + k]! : k === 1 ? numbers[row]! : 1 - numbers[row]!;
      if (share > 0) sum -= share * Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, q)));
    });
  }
  return sum / rows;
}

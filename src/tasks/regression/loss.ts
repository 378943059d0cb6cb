import type { Problem } from '../../core/errors.ts';
import { valueAt } from '../../core/values.ts';
import { rowCount, type Targets } from '../../data/examples/index.ts';
import { quoted } from '../../data/problems.ts';
import { binaryCrossEntropy, huber, meanAbsoluteError, meanSquaredError, type Loss } from '../../engine/models/index.ts';
import type { LossOptions, Refused } from '../task.ts';

/** What a regression is trained by. */
export interface NumberLoss {
  readonly loss: Loss;
  /** Whether an output is the logit of a number between 0 and 1, which is not standardized. */
  readonly bounded: boolean;
}

/** Of standardized numbers, but binary cross-entropy, which takes numbers between 0 and 1 as they are; other numbers refuse it. */
export function numberLoss(columns: readonly string[], options: LossOptions, targets: Targets): NumberLoss | Refused {
  switch (options.name) {
    case 'huber':
      return { loss: huber(options.huber_delta), bounded: false };
    case 'mae':
      return { loss: meanAbsoluteError, bounded: false };
    case 'bce': {
      const problems = outside(columns, targets);
      if (problems.length === 0) return { loss: binaryCrossEntropy, bounded: true };
      return { problems, remedy: 'Set training.loss.name to auto, or bring all targets between 0 and 1.' };
    }
    default:
      return { loss: meanSquaredError, bounded: false };
  }
}

/** Columns with a number below 0 or above 1, with the first of them. */
function outside(columns: readonly string[], targets: Targets): readonly Problem[] {
  const { width, values } = targets;
  const rows = Array.from({ length: rowCount(targets) }, (_, row) => row);
  return columns.flatMap((name, column): readonly Problem[] => {
    const row = rows.find((of) => valueAt(values, of * width + column) < 0 || valueAt(values, of * width + column) > 1);
    if (row === undefined) return [];
    const value = valueAt(values, row * width + column);
    const message = `training.loss.name is bce, which needs numbers from 0 to 1, but the column ${quoted(name)} has ${value}`;
    return [{ message, field: 'training.loss.name' }];
  });
}

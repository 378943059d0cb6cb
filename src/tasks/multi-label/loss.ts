import type { Problem } from '../../core/errors.ts';
import { valueAt } from '../../core/values.ts';
import type { Targets } from '../../data/examples/index.ts';
import { binaryCrossEntropy, focalBinaryCrossEntropy, weightedBinaryCrossEntropy, type Loss } from '../../engine/models/index.ts';
import { numbersByName } from '../balance.ts';
import type { LossOptions, Refused } from '../task.ts';
import { labelSizes } from './cells.ts';

/**
 * Binary cross-entropy of each label, whose positive side is multiplied by `pos_weight`: one number, one for each label, or, balanced, how
 * many rows are without the label for one that has it. Or the focal loss.
 */
export function labelLoss(labels: readonly string[], options: LossOptions, targets: Targets): { readonly loss: Loss } | Refused {
  if (options.name === 'focal') return { loss: focalBinaryCrossEntropy({ gamma: options.focal_gamma, alpha: options.focal_alpha }) };
  const given = 'pos_weight' in options ? options.pos_weight : null;
  if (given === null) return { loss: binaryCrossEntropy };
  const problems: Problem[] = [];
  const weights = positiveWeights(given, labels, targets, problems);
  if (problems.length > 0) return { problems, remedy: 'Name labels of the training table.' };
  return { loss: weightedBinaryCrossEntropy(weights) };
}

function positiveWeights(
  given: 'balanced' | number | Readonly<Record<string, number>>,
  labels: readonly string[],
  targets: Targets,
  problems: Problem[],
): readonly number[] {
  if (typeof given === 'number') return labels.map(() => given);
  if (given === 'balanced') {
    const sizes = labelSizes(targets);
    return labels.map((_, label) => {
      const { positive, negative } = valueAt(sizes, label);
      return positive === 0 || negative === 0 ? 1 : negative / positive;
    });
  }
  const found = numbersByName(given, labels, { key: 'training.loss.pos_weight', what: 'label' });
  problems.push(...found.problems);
  return found.numbers;
}

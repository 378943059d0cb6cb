import type { Problem } from '../../core/errors.ts';
import { valueAt } from '../../core/values.ts';
import { rowCount, targetOf, type Targets } from '../../data/examples/index.ts';
import {
  binaryCrossEntropy,
  crossEntropy,
  focalBinaryCrossEntropy,
  focalCrossEntropy,
  weightedBinaryCrossEntropy,
  weightedCrossEntropy,
  type Loss,
} from '../../engine/models/index.ts';
import { balancedWeights, numbersByName } from '../balance.ts';
import type { LossOptions, Refused, Task, TargetWeights } from '../task.ts';

/** What targets say of the classes of a row: a share of each, whose sum is 1. */
export type Shares = (target: Float64Array) => ArrayLike<number>;

/** How classes are trained. */
export type ClassLoss = Pick<Task, 'loss' | 'encode'> & { readonly weights?: TargetWeights };

const KEY = 'training.loss';

/**
 * Binary cross-entropy of two classes, which have one output, and cross-entropy of more, with what the options make of them. Class
 * weights w and smoothing e give Σ r·Σ w_c·t'_c·(−log q_c) / Σ r·Σ w_c·t_c with t' = t·(1 − e) + e/n, as PyTorch's CrossEntropyLoss has it
 * for plain labels; r are the weights of rows. A focal loss is divided by Σ r.
 */
export function classLoss(classes: readonly string[], sharesOf: Shares, options: LossOptions, targets: Targets): ClassLoss | Refused {
  const problems: Problem[] = [];
  const counts = classes.map(() => 0);
  for (let row = 0; row < rowCount(targets); row++) {
    const shares = sharesOf(targetOf(targets, row));
    for (let k = 0; k < classes.length; k++) counts[k]! += valueAt(shares, k);
  }
  const weights = classWeights(options, classes, counts, problems);
  const positive = positiveWeight(options, classes, counts, problems);
  refuseOthers(options, classes.length, targets.width > 1, problems);
  if (problems.length > 0) return { problems, remedy: 'Change training.loss, or the column that data.target names.' };

  const smoothing = 'label_smoothing' in options ? options.label_smoothing : 0;
  const isBinary = classes.length === 2;
  return {
    loss: lossWith(options, isBinary, weights, positive),
    encode(target, into) {
      const shares = sharesOf(target);
      const smooth = (k: number): number => valueAt(shares, k) * (1 - smoothing) + smoothing / classes.length;
      if (isBinary) into[0] = smooth(1);
      else for (let k = 0; k < classes.length; k++) into[k] = smooth(k);
    },
    ...(weights === undefined ? {} : { weights: counting(sharesOf, weights, options.name === 'focal') }),
  };
}

function lossWith(options: LossOptions, isBinary: boolean, weights: readonly number[] | undefined, positive: number): Loss {
  if (options.name === 'focal') {
    const { focal_gamma: gamma, focal_alpha: alpha } = options;
    return isBinary ? focalBinaryCrossEntropy({ gamma, alpha }) : focalCrossEntropy(gamma);
  }
  if (!isBinary) return weights === undefined ? crossEntropy : weightedCrossEntropy(weights);
  if (weights === undefined && positive === 1) return binaryCrossEntropy;
  const [ofFirst = 1, ofSecond = 1] = weights ?? [];
  return weightedBinaryCrossEntropy(ofSecond * positive, ofFirst);
}

/** The weights of classes are factors of the loss itself, but those of a focal loss, which is one number a row. */
function counting(sharesOf: Shares, weights: readonly number[], isFocal: boolean): TargetWeights {
  return {
    of: 'rows',
    weigh(target, into) {
      const shares = sharesOf(target);
      const weight = weights.reduce((sum, of, k) => sum + of * valueAt(shares, k), 0);
      into[0] = isFocal ? weight : 1;
      return isFocal ? 1 : weight;
    },
  };
}

function classWeights(
  options: LossOptions,
  classes: readonly string[],
  counts: readonly number[],
  problems: Problem[],
): readonly number[] | undefined {
  const given = 'class_weights' in options ? options.class_weights : null;
  if (given === null) return undefined;
  if (given === 'balanced') return balancedWeights(counts);
  const key = `${KEY}.class_weights`;
  const found = numbersByName(given, classes, { key, what: 'class' });
  problems.push(...found.problems);
  if (found.numbers.every((weight) => weight === 0)) problems.push({ message: `${key} are all 0; there is nothing to learn`, field: key });
  return found.numbers;
}

function positiveWeight(options: LossOptions, classes: readonly string[], counts: readonly number[], problems: Problem[]): number {
  const given = 'pos_weight' in options ? options.pos_weight : null;
  const [key, [negatives = 0, positives = 0]] = [`${KEY}.pos_weight`, counts];
  if (given === null) return 1;
  if (classes.length > 2) {
    const message = `${key} weighs the second of two classes, but the training rows have ${classes.length}; use class_weights`;
    problems.push({ message, field: key });
  } else if (typeof given === 'object') {
    problems.push({ message: `${key} takes names of labels in multi-label only; here it is one number, of the second class`, field: key });
  } else return given === 'balanced' ? (positives === 0 ? 1 : negatives / positives) : given;
  return 1;
}

function refuseOthers(options: LossOptions, classes: number, isSoft: boolean, problems: Problem[]): void {
  if (options.name === 'bce' && classes > 2) {
    const message = `${KEY}.name is bce, which is for two classes; the training rows have ${classes}`;
    problems.push({ message, field: `${KEY}.name`, suggestion: 'cross-entropy' });
  }
  if (options.name !== 'focal') return;
  if (isSoft) {
    const message = `${KEY}.name is focal, which needs a class for each row; data.target lists a column of probabilities for each class`;
    problems.push({ message, field: `${KEY}.name`, suggestion: 'auto' });
  }
  if (options.focal_alpha !== null && classes > 2) {
    const message = `${KEY}.focal_alpha weighs the second of two classes, but the training rows have ${classes}; use class_weights`;
    problems.push({ message, field: `${KEY}.focal_alpha` });
  }
}

/**
 * The operations that a loss may use, over values of a graph or over numbers here. Logits and targets are [B, outputs].
 * A loss written against it is written once for both.
 */
export interface LossArithmetic<T> {
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  neg(x: T): T;
  /** factor · x; `factor` is a number, or one for each output. */
  scale(x: T, factor: number | readonly number[]): T;
  /** number − x. */
  from(number: number, x: T): T;
  abs(x: T): T;
  exp(x: T): T;
  /** log x, of numbers below 1e-30 as of 1e-30. */
  log(x: T): T;
  tanh(x: T): T;
  atMost(x: T, limit: number): T;
  atLeast(x: T, limit: number): T;
  /** log(1 + eˣ) without overflow. */
  softplus(x: T): T;
  /** log(1 + eˣ) − y without overflow, and here without losing digits where the two are close. */
  softplusLess(x: T, y: T): T;
  /** x − log Σ eˣ over the outputs of a row, without overflow. */
  logSoftmax(x: T): T;
  /** Each row with a number before its first output, or after its last: [B, outputs + 1]. */
  padded(x: T, side: 'before' | 'after', value: number): T;
  /** The sum over the outputs of each row: [B]. */
  rowSum(x: T): T;
  /**
   * What a loss ends with: the mean of all elements, a scalar. Where the batch has weights, of which the sum is 1, Σ w·x over the rows and
   * for x the mean of a row's elements, or, for weights [B, outputs], Σ w·x over the elements.
   */
  mean(x: T): T;
}

/** A scalar that says how far logits are from the targets. */
export type Loss = <T>(m: LossArithmetic<T>, logits: T, targets: T) => T;

/** Mean over all elements of (y − t)². PyTorch's MSELoss. */
export const meanSquaredError: Loss = (m, y, targets) => {
  const error = m.sub(y, targets);
  return m.mean(m.mul(error, error));
};

/** Mean over all elements of |y − t|, whose gradient at 0 is 0. PyTorch's L1Loss. */
export const meanAbsoluteError: Loss = (m, y, targets) => m.mean(m.abs(m.sub(y, targets)));

/** Mean over all elements of r²/2 for |r| = |y − t| below delta, else delta·(|r| − delta/2). PyTorch's HuberLoss. */
export function huber(delta: number): Loss {
  return (m, y, targets) => {
    const error = m.abs(m.sub(y, targets));
    const near = m.atMost(error, delta);
    return m.mean(m.mul(near, m.sub(error, m.scale(near, 0.5))));
  };
}

/**
 * Mean over all elements of log(1 + eˣ) − x·t, which is −t·log σ(x) − (1 − t)·log(1 − σ(x)) without overflow, for targets between
 * 0 and 1. PyTorch's BCEWithLogitsLoss.
 */
export const binaryCrossEntropy: Loss = (m, logits, targets) => m.mean(m.softplusLess(logits, m.mul(logits, targets)));

/**
 * Mean over all elements of −p·t·log σ(x) − n·(1 − t)·log(1 − σ(x)). With n = 1 it is PyTorch's BCEWithLogitsLoss with `pos_weight` p.
 *
 * @param positive p, for all outputs or for each
 */
export function weightedBinaryCrossEntropy(positive: number | readonly number[], negative: number | readonly number[] = 1): Loss {
  return (m, logits, targets) => m.mean(sidesOf(m, logits, targets, { positive, negative, gamma: 0 }));
}

/**
 * Mean over all elements of α·(1 − σ(x))^γ·t·(−log σ(x)) + (1 − α)·σ(x)^γ·(1 − t)·(−log(1 − σ(x))), t being 0 or 1; without α, both of its
 * factors are 1. torchvision's `sigmoid_focal_loss`.
 */
export function focalBinaryCrossEntropy({ gamma, alpha }: { readonly gamma: number; readonly alpha: number | null }): Loss {
  const sides = { positive: alpha ?? 1, negative: alpha === null ? 1 : 1 - alpha, gamma };
  return (m, logits, targets) => m.mean(sidesOf(m, logits, targets, sides));
}

/**
 * Mean over the batch of −Σ t·log softmax(x), each row of targets a distribution (one-hot for plain labels). PyTorch's
 * CrossEntropyLoss with probabilities as targets.
 */
export const crossEntropy: Loss = (m, logits, targets) => m.neg(m.mean(m.rowSum(m.mul(targets, m.logSoftmax(logits)))));

/** `crossEntropy` with a weight for each output, −Σ w·t·log softmax(x). PyTorch's CrossEntropyLoss divides it by the weights. */
export function weightedCrossEntropy(weights: readonly number[]): Loss {
  return (m, logits, targets) => m.neg(m.mean(m.rowSum(m.mul(m.scale(targets, weights), m.logSoftmax(logits)))));
}

/**
 * Mean over the batch of (1 − q)^γ·(−log q), where q is the softmax of the row's class; targets are one-hot. 1 − q is summed from the other
 * classes, so that a q near 1 keeps its digits. Lin et al., Focal Loss for Dense Object Detection, 2017.
 */
export function focalCrossEntropy(gamma: number): Loss {
  return (m, logits, targets) => {
    const logs = m.logSoftmax(logits);
    const others = m.rowSum(m.mul(m.from(1, targets), m.exp(logs)));
    return m.neg(m.mean(m.mul(m.exp(m.scale(m.log(others), gamma)), m.rowSum(m.mul(targets, logs)))));
  };
}

/**
 * Mean over the batch of the sum over the outputs of binary cross-entropy: output k says whether a row's rank is above k, and
 * targets are 1 as often as the rank says, then 0. Cao, Mirjalili and Raschka, Rank consistent ordinal regression, 2020.
 */
export const rankCrossEntropy: Loss = (m, logits, targets) => m.mean(m.rowSum(m.softplusLess(logits, m.mul(logits, targets))));

/**
 * Mean over the batch of −log(σ(xᵣ₋₁) − σ(xᵣ)), r being the row's rank: output k is the logit of a rank above k, so outputs fall along a
 * row; before the first and after the last it is certain. Targets are those of `rankCrossEntropy`. It is computed as
 * softplus(−a) + softplus(b) − log(1 − eᵇ⁻ᵃ) with a = xᵣ₋₁ and b = xᵣ, which does not cancel; log(1 − e⁻ᵍ) is log tanh(g/2) + softplus(−g).
 */
export const cumulativeLink: Loss = (m, logits, targets) => {
  const [above, below] = [m.padded(logits, 'before', CERTAIN), m.padded(logits, 'after', -CERTAIN)]; // [B, ranks]
  const gap = m.atLeast(m.sub(above, below), LEAST_GAP);
  const logGap = m.add(m.log(m.tanh(m.scale(gap, 0.5))), m.softplus(m.neg(gap)));
  const ofRank = m.sub(m.add(m.softplus(m.neg(above)), m.softplus(below)), logGap);
  const isRank = m.sub(m.padded(targets, 'before', 1), m.padded(targets, 'after', 0));
  return m.mean(m.rowSum(m.mul(isRank, ofRank)));
};

/** A logit whose sigmoid is 1 in any float type, and which no logit of a model comes near. */
const CERTAIN = 1e4;

/** Thresholds that are closer than float32 can tell of logits near 1. */
const LEAST_GAP = 1e-6;

/** The losses that have a name. */
export const namedLosses = { mse: meanSquaredError, bce: binaryCrossEntropy, 'cross-entropy': crossEntropy } as const;

/** A loss by its name, or one of your own. */
export type LossChoice = keyof typeof namedLosses | Loss;

export function lossOf(choice: LossChoice): Loss {
  return typeof choice === 'function' ? choice : namedLosses[choice];
}

interface Sides {
  readonly positive: number | readonly number[];
  readonly negative: number | readonly number[];
  readonly gamma: number;
}

/** Of each element p·t·(1 − σ(x))^γ·(−log σ(x)) + n·(1 − t)·σ(x)^γ·(−log(1 − σ(x))). */
function sidesOf<T>(m: LossArithmetic<T>, x: T, targets: T, { positive, negative, gamma }: Sides): T {
  // −log σ(x) and −log(1 − σ(x)); each is also what the other is focused by, as 1 − σ(x) = e^(−softplus(x)).
  const [ofPositive, ofNegative] = [m.softplus(m.neg(x)), m.softplus(x)];
  const focused = (loss: T, other: T): T => (gamma === 0 ? loss : m.mul(m.exp(m.scale(other, -gamma)), loss));
  return m.add(
    m.mul(m.scale(targets, positive), focused(ofPositive, ofNegative)),
    m.mul(m.scale(m.from(1, targets), negative), focused(ofNegative, ofPositive)),
  );
}

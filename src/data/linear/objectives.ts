import type { Objective } from './newton.ts';
import type { SparseMatrix } from './sparse.ts';

/**
 * What linear models minimize: ½ ‖W‖² + Σ weight · loss of each row, z = x W + b. Their vector holds W [columns, width], and behind it
 * b [width], which costs nothing. With scikit-learn's C or alpha of 1 that is what `LogisticRegression` and `Ridge` minimize.
 */
export interface RowLoss {
  /** Width of z and y. */
  readonly width: number;
  /** The loss of z held against the row of y that begins at `at`; z becomes its gradient. What `bend` needs goes to `kept`, at `at`. */
  value(z: Float64Array, y: Float64Array, kept: Float64Array, at: number): number;
  /** dz, a change of z, becomes the change of the gradient. */
  bend(dz: Float64Array, kept: Float64Array, at: number): void;
}

/** −y ln p − (1 − y) ln(1 − p), p the sigmoid of z. */
export const logisticLoss: RowLoss = {
  width: 1,
  value(z, y, kept, at) {
    const x = z[0]!;
    const p = sigmoid(x);
    z[0] = p - y[at]!;
    kept[at] = p * (1 - p);
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - y[at]! * x;
  },
  bend(dz, kept, at) {
    dz[0]! *= kept[at]!;
  },
};

/** ½ (z − y)² */
export const squaredLoss: RowLoss = {
  width: 1,
  value(z, y, _kept, at) {
    z[0]! -= y[at]!;
    return (z[0]! * z[0]!) / 2;
  },
  bend() {},
};

/** −Σ y ln p, p the softmax of z. */
export function softmaxLoss(width: number): RowLoss {
  return {
    width,
    value(z, y, kept, at) {
      const log = softmax(z, 0, width, kept, at);
      let loss = 0;
      for (let k = 0; k < width; k++) {
        loss -= y[at + k]! * (z[k]! - log);
        z[k] = kept[at + k]! - y[at + k]!;
      }
      return loss;
    },
    bend(dz, kept, at) {
      let mean = 0;
      for (let k = 0; k < width; k++) mean += kept[at + k]! * dz[k]!;
      for (let k = 0; k < width; k++) dz[k] = kept[at + k]! * (dz[k]! - mean);
    },
  };
}

/** Writes the softmax of `width` values from `from` on to `to`; answers with the logarithm of what it was divided by. */
export function softmax(z: Float64Array, from: number, width: number, into: Float64Array, to: number): number {
  let top = -Infinity;
  for (let k = 0; k < width; k++) top = Math.max(top, z[from + k]!);
  let sum = 0;
  for (let k = 0; k < width; k++) {
    const power = Math.exp(z[from + k]! - top);
    into[to + k] = power;
    sum += power;
  }
  for (let k = 0; k < width; k++) into[to + k]! /= sum;
  return top + Math.log(sum);
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * @param y row-major [rows, width]
 * @param rowWeights what the loss of each row is multiplied by
 */
export function linearObjective(x: SparseMatrix, y: Float64Array, loss: RowLoss, rowWeights?: Float64Array): Objective {
  const { rows, columns } = x;
  const { width } = loss;
  const penalized = columns * width;
  const kept = new Float64Array(rows * width);
  const z = new Float64Array(width);
  const weighed = (row: number): number => {
    const weight = rowWeights?.[row] ?? 1;
    if (weight !== 1) for (let k = 0; k < width; k++) z[k]! *= weight;
    return weight;
  };
  return {
    size: penalized + width,
    evaluate(weights, gradient) {
      let value = 0;
      for (let i = 0; i < penalized; i++) value += weights[i]! * weights[i]!;
      value /= 2;
      gradient.set(weights.subarray(0, penalized));
      gradient.fill(0, penalized);
      for (let row = 0; row < rows; row++) {
        score(x, weights, row, z);
        const own = loss.value(z, y, kept, row * width);
        value += own * weighed(row);
        scatter(x, gradient, row, z);
      }
      return value;
    },
    curvature(v, product) {
      product.set(v.subarray(0, penalized));
      product.fill(0, penalized);
      for (let row = 0; row < rows; row++) {
        score(x, v, row, z);
        loss.bend(z, kept, row * width);
        weighed(row);
        scatter(x, product, row, z);
      }
    },
  };
}

/** The scores of all rows, [rows, width]. */
export function scores(x: SparseMatrix, weights: Float64Array, width: number): Float64Array {
  const all = new Float64Array(x.rows * width);
  for (let row = 0; row < x.rows; row++) score(x, weights, row, all.subarray(row * width, (row + 1) * width));
  return all;
}

/** z = x W + b */
function score({ columns, offsets, indices, values }: SparseMatrix, weights: Float64Array, row: number, z: Float64Array): void {
  const width = z.length;
  if (width === 1) {
    let sum = weights[columns]!;
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) sum += values[at]! * weights[indices[at]!]!;
    z[0] = sum;
    return;
  }
  for (let k = 0; k < width; k++) z[k] = weights[columns * width + k]!;
  for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
    const [value, first] = [values[at]!, indices[at]! * width];
    for (let k = 0; k < width; k++) z[k]! += value * weights[first + k]!;
  }
}

/** Adds xᵀ dz, and dz to what is behind it. */
function scatter({ columns, offsets, indices, values }: SparseMatrix, into: Float64Array, row: number, dz: Float64Array): void {
  const width = dz.length;
  if (width === 1) {
    const change = dz[0]!;
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) into[indices[at]!]! += values[at]! * change;
    into[columns]! += change;
    return;
  }
  for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
    const [value, first] = [values[at]!, indices[at]! * width];
    for (let k = 0; k < width; k++) into[first + k]! += value * dz[k]!;
  }
  for (let k = 0; k < width; k++) into[columns * width + k]! += dz[k]!;
}

import type { Builder, Value } from '../graph/index.ts';

/**
 * The operations that a loss may use, over values of a graph or over numbers here. Logits and targets are [B, outputs].
 * A loss written against it is written once for both.
 */
export interface LossArithmetic<T> {
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  /** log(1 + eˣ) − y without overflow, and here without losing digits where the two are close. */
  softplusLess(x: T, y: T): T;
  /** x − log Σ eˣ over the outputs of a row, without overflow. */
  logSoftmax(x: T): T;
  /** The sum over the outputs of each row: [B]. */
  rowSum(x: T): T;
  neg(x: T): T;
  /** The mean of all elements, a scalar. */
  mean(x: T): T;
}

/** A scalar that says how far logits are from the targets. */
export type Loss = <T>(m: LossArithmetic<T>, logits: T, targets: T) => T;

/** Mean over all elements of (y − t)². PyTorch's MSELoss. */
export const meanSquaredError: Loss = (m, y, targets) => {
  const error = m.sub(y, targets);
  return m.mean(m.mul(error, error));
};

/**
 * Mean over all elements of log(1 + eˣ) − x·t, which is −t·log σ(x) − (1 − t)·log(1 − σ(x)) without overflow, for targets between
 * 0 and 1. PyTorch's BCEWithLogitsLoss.
 */
export const binaryCrossEntropy: Loss = (m, logits, targets) => m.mean(m.softplusLess(logits, m.mul(logits, targets)));

/**
 * Mean over the batch of −Σ t·log softmax(x), each row of targets a distribution (one-hot for plain labels). PyTorch's
 * CrossEntropyLoss with probabilities as targets.
 */
export const crossEntropy: Loss = (m, logits, targets) => m.neg(m.mean(m.rowSum(m.mul(targets, m.logSoftmax(logits)))));

/** The losses that have a name. */
export const namedLosses = { mse: meanSquaredError, bce: binaryCrossEntropy, 'cross-entropy': crossEntropy } as const;

/** A loss by its name, or one of your own. */
export type LossChoice = keyof typeof namedLosses | Loss;

export function lossOf(choice: LossChoice): Loss {
  return typeof choice === 'function' ? choice : namedLosses[choice];
}

/** The loss as nodes of a graph: logits and targets [B, outputs] to a scalar. */
export function lossInGraph(g: Builder, loss: Loss, logits: Value, targets: Value): Value {
  const arithmetic: LossArithmetic<Value> = {
    sub: (a, b) => g.Sub(a, b),
    mul: (a, b) => g.Mul(a, b),
    softplusLess: (x, y) => g.Sub(g.Softplus(x), y),
    logSoftmax: (x) => g.LogSoftmax(x, { axis: -1 }),
    rowSum: (x) => g.ReduceSum(x, { axes: [-1], keepdims: 0 }),
    neg: (x) => g.Neg(x),
    mean: (x) => g.ReduceMean(x, { keepdims: 0 }),
  };
  return g.scope('loss', () => loss(arithmetic, logits, targets));
}

/**
 * The loss of logits that are here, row-major [rows, outputs], in float64 and row after row.
 *
 * @param targetOf a row's targets, [outputs]; they are read before those of the next row are asked for
 */
export function lossOfLogits(loss: Loss, logits: ArrayLike<number>, outputs: number, targetOf: (row: number) => ArrayLike<number>): number {
  const rows = logits.length / outputs;
  const values: Rows = (row) => copied(logits, row * outputs, outputs);
  return loss(overRows(rows), values, (row) => copied(targetOf(row), 0, outputs))(0)[0] ?? NaN;
}

/** The numbers of a row, found when they are asked for: targets of all rows at once would fill the memory where classes are many. */
type Rows = (row: number) => readonly number[];

function copied(values: ArrayLike<number>, from: number, length: number): readonly number[] {
  const copy: number[] = [];
  for (let i = from; i < from + length; i++) copy.push(values[i]!);
  return copy;
}

function overRows(rows: number): LossArithmetic<Rows> {
  const each = (x: Rows, of: (x: number) => number): Rows => (row) => x(row).map(of);
  const both = (a: Rows, b: Rows, of: (a: number, b: number) => number): Rows => (row) => {
    const right = b(row);
    return a(row).map((value, k) => of(value, right[k]!));
  };
  return {
    sub: (a, b) => both(a, b, (left, right) => left - right),
    mul: (a, b) => both(a, b, (left, right) => left * right),
    softplusLess: (x, y) => both(x, y, (value, less) => Math.max(value, 0) - less + Math.log1p(Math.exp(-Math.abs(value)))),
    logSoftmax: (x) => (row) => {
      const values = x(row);
      const top = Math.max(...values);
      const total = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
      return values.map((value) => value - total);
    },
    rowSum: (x) => (row) => [x(row).reduce((sum, value) => sum + value, 0)],
    neg: (x) => each(x, (value) => -value),
    mean: (x) => {
      const mean = meanOf(x, rows);
      return () => [mean];
    },
  };
}

function meanOf(x: Rows, rows: number): number {
  let [sum, count] = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (const value of x(row)) {
      sum += value;
      count += 1;
    }
  }
  return sum / count;
}

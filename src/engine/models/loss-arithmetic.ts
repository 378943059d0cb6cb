import type { Builder, Value } from '../graph/index.ts';
import type { Loss, LossArithmetic } from './losses.ts';

/**
 * The loss as nodes of a graph: logits and targets [B, outputs] to a scalar.
 *
 * @param weights of the rows, [B, 1], or of the elements, [B, outputs]; their sum is 1. All count alike where they are left out.
 */
export function lossInGraph(g: Builder, loss: Loss, logits: Value, targets: Value, weights?: Value): Value {
  const factorOf = (factor: number | readonly number[]): Value =>
    typeof factor === 'number' ? g.scalar(factor) : g.constant(Float32Array.from(factor), 'float32', [factor.length]);
  const arithmetic: LossArithmetic<Value> = {
    add: (a, b) => g.Add(a, b),
    sub: (a, b) => g.Sub(a, b),
    mul: (a, b) => g.Mul(a, b),
    neg: (x) => g.Neg(x),
    scale: (x, factor) => (factor === 1 ? x : g.Mul(x, factorOf(factor))),
    from: (number, x) => g.Sub(g.scalar(number), x),
    abs: (x) => g.Abs(x),
    exp: (x) => g.Exp(x),
    log: (x) => g.Log(g.Max(x, g.scalar(LEAST))),
    tanh: (x) => g.Tanh(x),
    atMost: (x, limit) => g.Min(x, g.scalar(limit)),
    atLeast: (x, limit) => g.Max(x, g.scalar(limit)),
    softplus: (x) => g.Softplus(x),
    softplusLess: (x, y) => g.Sub(g.Softplus(x), y),
    logSoftmax: (x) => g.LogSoftmax(x, { axis: -1 }),
    padded: (x, side, value) => g.Pad(x, { pads: side === 'before' ? [0, 1, 0, 0] : [0, 0, 0, 1], value }),
    rowSum: (x) => g.ReduceSum(x, { axes: [-1], keepdims: 0 }),
    mean: (x) => (weights === undefined ? g.ReduceMean(x, { keepdims: 0 }) : weightedSum(g, x, weights)),
  };
  return g.scope('loss', () => loss(arithmetic, logits, targets));
}

/** Numbers below are the logarithm's as this one. */
const LEAST = 1e-30;

/** x is of rows, [B], or of elements, [B, outputs]. */
function weightedSum(g: Builder, x: Value, weights: Value): Value {
  const [width, isOfRows] = [weights.shape[1], x.shape.length === 1];
  if (isOfRows && width !== 1) throw new Error('the elements of a loss that is one number a row cannot have weights of their own');
  const own = isOfRows ? g.Squeeze(weights, { axes: [1] }) : weights;
  const perRow = !isOfRows && width === 1 && x.shape[1] !== 1 ? g.ReduceMean(x, { axes: [1], keepdims: 1 }) : x;
  return g.ReduceSum(g.Mul(own, perRow), { keepdims: 0 });
}

/**
 * The loss of logits that are here, row-major [rows, outputs], in float64 and row after row.
 *
 * @param targetOf a row's targets, [outputs]; they are read before those of the next row are asked for
 * @param weightOf a row's weight, [1], or those of its elements, [outputs]; over all rows their sum is 1
 */
export function lossOfLogits(
  loss: Loss,
  logits: ArrayLike<number>,
  outputs: number,
  targetOf: (row: number) => ArrayLike<number>,
  weightOf?: (row: number) => ArrayLike<number>,
): number {
  const rows = logits.length / outputs;
  const values: Rows = (row) => copied(logits, row * outputs, outputs);
  return loss(overRows(rows, weightOf), values, (row) => copied(targetOf(row), 0, outputs))(0)[0] ?? NaN;
}

/** The numbers of a row, found when they are asked for: targets of all rows at once would fill the memory where classes are many. */
type Rows = (row: number) => readonly number[];

function copied(values: ArrayLike<number>, from: number, length: number): readonly number[] {
  const copy: number[] = [];
  for (let i = from; i < from + length; i++) copy.push(values[i]!);
  return copy;
}

function overRows(rows: number, weightOf?: (row: number) => ArrayLike<number>): LossArithmetic<Rows> {
  const each = (x: Rows, of: (x: number, k: number) => number): Rows => (row) => x(row).map(of);
  const both = (a: Rows, b: Rows, of: (a: number, b: number) => number): Rows => (row) => {
    const right = b(row);
    return a(row).map((value, k) => of(value, right[k]!));
  };
  const softplus = (value: number): number => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
  return {
    add: (a, b) => both(a, b, (left, right) => left + right),
    sub: (a, b) => both(a, b, (left, right) => left - right),
    mul: (a, b) => both(a, b, (left, right) => left * right),
    neg: (x) => each(x, (value) => -value),
    scale: (x, factor) => each(x, (value, k) => value * (typeof factor === 'number' ? factor : factor[k]!)),
    from: (number, x) => each(x, (value) => number - value),
    abs: (x) => each(x, Math.abs),
    exp: (x) => each(x, Math.exp),
    log: (x) => each(x, (value) => Math.log(Math.max(value, LEAST))),
    tanh: (x) => each(x, Math.tanh),
    atMost: (x, limit) => each(x, (value) => Math.min(value, limit)),
    atLeast: (x, limit) => each(x, (value) => Math.max(value, limit)),
    softplus: (x) => each(x, softplus),
    softplusLess: (x, y) => both(x, y, (value, less) => Math.max(value, 0) - less + Math.log1p(Math.exp(-Math.abs(value)))),
    logSoftmax: (x) => (row) => {
      const values = x(row);
      const top = Math.max(...values);
      const total = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
      return values.map((value) => value - total);
    },
    padded: (x, side, value) => (row) => (side === 'before' ? [value, ...x(row)] : [...x(row), value]),
    rowSum: (x) => (row) => [x(row).reduce((sum, value) => sum + value, 0)],
    mean: (x) => {
      const mean = weightOf === undefined ? meanOf(x, rows) : weightedMeanOf(x, rows, weightOf);
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

function weightedMeanOf(x: Rows, rows: number, weightOf: (row: number) => ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const [values, weights] = [x(row), weightOf(row)];
    const isOfRow = weights.length === 1;
    values.forEach((value, k) => (sum += isOfRow ? (weights[0]! * value) / values.length : weights[k]! * value));
  }
  return sum;
}

import { OrtrainError } from '../../core/errors.ts';
import { product, sliceRange, type AttributesOf, type Builder, type Dim, type Shape, type Value } from '../graph/index.ts';

// The longer forms of the gradient rules, each as few operators as it takes.

export function zeros(g: Builder, shape: Shape): Value {
  return g.expand(g.scalar(0), shape);
}

/** 1 where true, 0 where false. */
export function float(g: Builder, condition: Value): Value {
  return g.Cast(condition, { to: 'float32' });
}

/** The part of max(a, b) that is a: 1 where it is larger, ½ where both are equal, else 0. */
export function share(g: Builder, a: Value, b: Value): Value {
  return g.Mul(g.Add(float(g, g.Greater(a, b)), float(g, g.Not(g.Less(a, b)))), g.scalar(0.5));
}

/** The standard normal distribution: Φ(x) = ½ (1 + erf(x / √2)) and φ(x) = exp(-x² / 2) / √(2π). */
export const gaussian = {
  cumulative: (g: Builder, x: Value): Value => g.Mul(g.Add(g.Erf(g.Mul(x, g.scalar(Math.SQRT1_2))), g.scalar(1)), g.scalar(0.5)),
  density: (g: Builder, x: Value): Value => g.Mul(g.Exp(g.Mul(g.Mul(x, g.scalar(-0.5)), x)), g.scalar(1 / Math.sqrt(2 * Math.PI))),
} as const;

// ---- products of matrices: y = alpha A B, where A is a or aᵀ, and B is b or bᵀ

interface Product {
  readonly alpha: number;
  readonly transA: number;
  readonly transB: number;
}

const PLAIN: Product = { alpha: 1, transA: 0, transB: 0 };

/** dA = alpha dy Bᵀ, so da is that or its transpose, alpha B dyᵀ. */
export function leftFactor(g: Builder, dy: Value, b: Value, { alpha, transA, transB }: Product = PLAIN): Value {
  if (transA === 1) return times(g, b, dy, { alpha, transA: transB, transB: 1 });
  return times(g, dy, b, { alpha, transA: 0, transB: 1 - transB });
}

/**
 * dB = alpha Aᵀ dy, so db is that or its transpose, alpha dyᵀ A. A matrix that a whole batch is multiplied by gets one product of all rows.
 */
export function rightFactor(g: Builder, dy: Value, a: Value, b: Value, { alpha, transA, transB }: Product = PLAIN): Value {
  if (b.shape.length === 2 && a.shape.length > 2 && transA === 0)
    return rightFactor(g, rows(g, dy), rows(g, a), b, { alpha, transA, transB });
  if (transB === 1) return times(g, dy, a, { alpha, transA: 1, transB: transA });
  return times(g, a, dy, { alpha, transA: 1 - transA, transB: 0 });
}

/** The one place that chooses the operator of a product in the backward pass. */
function times(g: Builder, a: Value, b: Value, how: Product): Value {
  if (a.shape.length === 2 && b.shape.length === 2) return g.Gemm(a, b, how);
  return how.alpha === 1 && how.transA === 0 && how.transB === 0 ? g.MatMul(a, b) : g.FusedMatMul(a, b, how);
}

/** [..., K] as a matrix [N, K]. */
function rows(g: Builder, x: Value): Value {
  return g.reshape(x, [product(x.shape.slice(0, -1)), ...x.shape.slice(-1)]);
}

// ---- along axes

/** A reduced value with the axes of x, those that were reduced as 1; a scalar broadcasts as it is. */
export function keepAxes(g: Builder, y: Value, x: Value, axes: readonly number[]): Value {
  return y.shape.length === 0 ? y : g.reshape(y, x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)));
}

/**
 * How many elements of x each element of y is made of, y being x reduced over `axes`: a float32 scalar, found at run time where an axis is
 * symbolic.
 */
export function count(g: Builder, x: Value, y: Value, axes: readonly number[]): Value {
  const known = product(axes.map((axis) => x.shape[axis] as Dim));
  return typeof known === 'number' ? g.scalar(known) : g.Cast(g.Div(g.Size(x), g.Size(y)), { to: 'float32' });
}

/** x̂ = (x - mean) / deviation. */
export function layerNormXHat(g: Builder, x: Value, mean: Value, invStd: Value): Value {
  return g.Mul(g.Sub(x, mean), invStd);
}

/**
 * With d = dy ∘ gamma: dx = invStd ∘ (d - mean(d) - x̂ ∘ mean(d ∘ x̂)), means over the last axis. Both means are products with
 * the column gamma / H, so that d ∘ x̂ is never made.
 */
export function layerNormX(g: Builder, dy: Value, x: Value, gamma: Value, mean: Value, invStd: Value): Value {
  const xHat = layerNormXHat(g, x, mean, invStd);
  const column = g.Unsqueeze(g.Div(gamma, count(g, x, mean, [x.shape.length - 1])), { axes: [1] }); // [H, 1]
  const meanD = g.MatMul(dy, column); // [..., 1]
  const meanDX = g.MatMul(g.Mul(dy, xHat), column); // [..., 1]
  return g.Mul(invStd, g.Sub(g.Sub(g.Mul(dy, gamma), meanD), g.Mul(xHat, meanDX)));
}

/** The gradient of the first output; the others serve the backward pass and cannot be trained through. */
export function onlyFirst([dy, ...others]: readonly (Value | null)[]): Value {
  if (dy === null || dy === undefined || others.some((other) => other !== null)) {
    throw new OrtrainError('run', 'Only the first output of LayerNormalization has a derivative.');
  }
  return dy;
}

// ---- by place

type Ranges = AttributesOf<'Slice'>;

/** A slice's gradient among zeros of x's shape, axis by axis. */
export function embedSlices(g: Builder, dy: Value, x: Value, ranges: Ranges): Value {
  return ranges.axes.reduce((d, axis, i) => {
    const dim = x.shape[axis] as Dim;
    const { start, step, length } = sliceRange(dim, ranges, i);
    if (length === dim && step === 1) return d;
    return typeof dim === 'number' && step === 1
      ? padAxis(g, d, axis, start, dim)
      : scatterAxis(g, d, axis, places(start, step, length as number), dim);
  }, dy);
}

/** x with zeros before and after, so that its axis begins at `start` of `dim`. */
function padAxis(g: Builder, x: Value, axis: number, start: number, dim: number): Value {
  const pads = [start, dim - start - (x.shape[axis] as number)].flatMap((added) => x.shape.map((_, at) => (at === axis ? added : 0)));
  return g.Pad(x, { pads });
}

function scatterAxis(g: Builder, x: Value, axis: number, at: readonly number[], dim: Dim): Value {
  const whole = zeros(g, x.shape.map((old, place) => (place === axis ? dim : old)));
  return scatterAlong(g, x, whole, g.constant(Int32Array.from(at), 'int32', [at.length]), axis); // int32: WebGPU does not expand int64
}

function places(start: number, step: number, length: number): readonly number[] {
  return Array.from({ length }, (_, k) => start + k * step);
}

export function cropPads(g: Builder, dy: Value, x: Value, pads: readonly number[]): Value {
  const padded = x.shape.flatMap((dim, axis) =>
    dim === dy.shape[axis] ? [] : [{ axis, start: pads[axis] ?? 0, end: (pads[axis] ?? 0) + (dim as number) }],
  );
  if (padded.length === 0) return dy;
  return g.Slice(dy, {
    starts: padded.map(({ start }) => start),
    ends: padded.map(({ end }) => end),
    axes: padded.map(({ axis }) => axis),
  });
}

/**
 * The gradient of Gather: each slice of dy is added to the slice of zeros that its index names. ScatterElements with the indices
 * repeated over the other axes; ScatterND would be shorter, but adds duplicates in a race of threads (onnxruntime 1.30, CPU).
 */
export function scatterAlong(g: Builder, dy: Value, x: Value, indices: Value, axis: number): Value {
  const n = product(indices.shape);
  const flat = x.shape.map((dim, at) => (at === axis ? n : dim));
  const repeated = g.expand(g.reshape(indices, x.shape.map((_, at) => (at === axis ? n : 1))), flat);
  return g.ScatterElements(zeros(g, x.shape), repeated, g.reshape(dy, flat), { axis });
}

/** p x^(p-1), and 0 for p = 0 also where x is 0, as the limit has it (JAX's rule for `pow`). */
export function powerSlope(g: Builder, x: Value, p: Value): Value {
  const isZero = g.Equal(p, g.scalar(0));
  return g.Where(isZero, g.scalar(0), g.Mul(p, g.Pow(x, g.Where(isZero, g.scalar(1), g.Sub(p, g.scalar(1))))));
}

/** log x, and 0 for x = 0: there 0^p has no slope by p (JAX's rule for `pow`). */
export function logOrZero(g: Builder, x: Value): Value {
  return g.Log(g.Where(g.Equal(x, g.scalar(0)), g.scalar(1), x));
}

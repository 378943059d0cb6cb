import { RandomState } from '../../../src/core/random.ts';
import type { Differentiable } from '../../../src/engine/autodiff/rules.ts';
import { product, type Builder, type ConstantData, type DType, type Shape, type Value } from '../../../src/engine/graph/index.ts';

/** The lengths that symbols have when the cases run. */
const LENGTHS: Readonly<Record<string, number>> = { B: 3, S: 4 };

/** Where an input's values come from. Float inputs are varied, others are not. */
interface Domain {
  readonly dtype: DType;
  readonly shape: Shape;
  fill(count: number, random: RandomState): ConstantData;
}

export interface Case {
  readonly inputs: readonly Domain[];
  build(g: Builder, inputs: readonly Value[]): Value | readonly Value[];
}

/** Between -2 and 2. */
const real = (...shape: Shape): Domain => floatDomain(shape, (random) => random.uniform(-2, 2));

/** Between ½ and 2. */
const positive = (...shape: Shape): Domain => floatDomain(shape, (random) => random.uniform(0.5, 2));

/** Away from zero and from each other by 0.3 or more, on both sides of zero: for functions with kinks. */
const apart = (...shape: Shape): Domain => ({
  dtype: 'float32',
  shape,
  fill: (count, random) => Float32Array.from(random.permutation(count), (place) => 0.3 * (place - Math.floor(count / 2)) + 0.15),
});

/** Everywhere the same. */
const equal = (value: number, ...shape: Shape): Domain => floatDomain(shape, () => value);

/** Whole numbers from `low` up to, not including, `high`; with few of them there are duplicates. */
const indices = (low: number, high: number, ...shape: Shape): Domain => ({
  dtype: 'int64',
  shape,
  fill: (count, random) => BigInt64Array.from({ length: count }, () => BigInt(random.integer(low, high))),
});

const truth = (...shape: Shape): Domain => ({
  dtype: 'bool',
  shape,
  fill: (count, random) => Uint8Array.from({ length: count }, () => random.integer(0, 2)),
});

function floatDomain(shape: Shape, draw: (random: RandomState) => number): Domain {
  return { dtype: 'float32', shape, fill: (count, random) => Float32Array.from({ length: count }, () => draw(random)) };
}

/** A shape with its symbols' lengths put in. */
export function concrete(shape: Shape): readonly number[] {
  return shape.map((dim) => product(String(dim).split('*').map((factor) => LENGTHS[factor] ?? Number(factor))) as number);
}

type Build = (g: Builder, ...inputs: Value[]) => Value | readonly Value[];

function given(...inputs: readonly Domain[]): { readonly to: (build: Build) => Case } {
  return { to: (build) => ({ inputs, build: (g, values) => build(g, ...values) }) };
}

const anyShape = given(real('B', 5));
const kinks = given(apart('B', 5));

/** The cases of each rule. */
export const cases: { readonly [O in Differentiable]: readonly [Case, ...Case[]] } = {
  Add: [
    given(real('B', 'S', 5), real(5)).to((g, a, b) => g.Add(a, b)),
    given(real(2, 3, 5), real(2, 3, 1)).to((g, a, b) => g.Add(a, b)),
    given(real(2, 1, 5), real(3, 1)).to((g, a, b) => g.Add(a, b)),
    given(real('B', 'S', 5), real('S', 5)).to((g, a, b) => g.Add(a, b)),
    given(real('B', 5), real()).to((g, a, b) => g.Add(a, b)),
    given(real('B', 5)).to((g, a) => g.Add(a, g.Add(a, a))),
  ],
  Sub: [given(real('B', 5), real(5)).to((g, a, b) => g.Sub(a, b)), given(real(5), real('B', 5)).to((g, a, b) => g.Sub(a, b))],
  Mul: [
    given(real('B', 'S', 5), real('S', 1)).to((g, a, b) => g.Mul(a, b)),
    given(real('B', 1, 5), real(4, 1)).to((g, a, b) => g.Mul(a, b)),
    given(real('B', 5)).to((g, a) => g.Mul(a, a)),
  ],
  Div: [given(real('B', 5), positive('B', 1)).to((g, a, b) => g.Div(a, b)), given(real(5), positive('B', 5)).to((g, a, b) => g.Div(a, b))],
  Pow: [given(positive('B', 5), real(5)).to((g, x, p) => g.Pow(x, p)), given(real('B', 5)).to((g, x) => g.Pow(x, g.scalar(3)))],
  Max: [
    given(apart('B', 5), equal(0.3, 5)).to((g, a, b) => g.Max(a, b)),
    given(equal(1, 'B', 5), equal(1, 'B', 5)).to((g, a, b) => g.Max(a, b)),
  ],
  Min: [
    given(apart('B', 5), equal(0.3, 5)).to((g, a, b) => g.Min(a, b)),
    given(equal(1, 'B', 5), equal(1, 'B', 5)).to((g, a, b) => g.Min(a, b)),
  ],

  Identity: [anyShape.to((g, x) => g.Identity(x))],
  Neg: [anyShape.to((g, x) => g.Neg(x))],
  Abs: [kinks.to((g, x) => g.Abs(x)), given(equal(0, 5)).to((g, x) => g.Abs(x))],
  Reciprocal: [given(positive('B', 5)).to((g, x) => g.Reciprocal(x))],
  Sqrt: [given(positive('B', 5)).to((g, x) => g.Sqrt(x))],
  Exp: [anyShape.to((g, x) => g.Exp(x))],
  Log: [given(positive('B', 5)).to((g, x) => g.Log(x))],
  Erf: [anyShape.to((g, x) => g.Erf(x))],
  Tanh: [anyShape.to((g, x) => g.Tanh(x))],
  Sigmoid: [anyShape.to((g, x) => g.Sigmoid(x))],
  Softplus: [anyShape.to((g, x) => g.Softplus(x))],
  Relu: [kinks.to((g, x) => g.Relu(x))],
  Gelu: [anyShape.to((g, x) => g.Gelu(x))],
  Clip: [kinks.to((g, x) => g.Clip(x, { min: -0.3, max: 0.9 })), kinks.to((g, x) => g.Clip(x, { max: 0.9 }))],
  Cast: [anyShape.to((g, x) => g.Cast(x, { to: 'float32' }))],

  MatMul: [
    given(real('B', 4), real(4, 5)).to((g, a, b) => g.MatMul(a, b)),
    given(real('B', 'S', 4), real(4, 5)).to((g, a, b) => g.MatMul(a, b)),
    given(real(2, 'B', 3, 4), real(1, 'B', 4, 5)).to((g, a, b) => g.MatMul(a, b)),
    given(real(3, 4), real('B', 4, 5)).to((g, a, b) => g.MatMul(a, b)),
  ],
  FusedMatMul: [
    given(real(2, 'B', 3, 4), real(2, 'B', 5, 4)).to((g, a, b) => g.FusedMatMul(a, b, { alpha: 0.5, transB: 1 })),
    given(real('B', 4, 3), real('B', 4, 5)).to((g, a, b) => g.FusedMatMul(a, b, { transA: 1 })),
    given(real('B', 4, 3), real('B', 5, 4)).to((g, a, b) => g.FusedMatMul(a, b, { transA: 1, transB: 1, alpha: 2 })),
    given(real('B', 'S', 4), real(5, 4)).to((g, a, b) => g.FusedMatMul(a, b, { transB: 1 })),
  ],
  Gemm: [
    given(real('B', 4), real(4, 5), real(5)).to((g, a, b, c) => g.Gemm(a, b, c)),
    given(real('B', 4), real(5, 4), real('B', 5)).to((g, a, b, c) => g.Gemm(a, b, c, { transB: 1, alpha: 0.5, beta: 2 })),
    given(real(4, 3), real(4, 5), real(3, 1)).to((g, a, b, c) => g.Gemm(a, b, c, { transA: 1, alpha: 0.5 })),
    given(real(4, 3), real(5, 4)).to((g, a, b) => g.Gemm(a, b, { transA: 1, transB: 1 })),
  ],

  ReduceSum: [
    given(real('B', 'S', 5)).to((g, x) => g.ReduceSum(x, { axes: [-1] })),
    given(real('B', 'S', 5)).to((g, x) => g.ReduceSum(x, { axes: [0, 2], keepdims: 0 })),
    given(real('B', 'S', 5)).to((g, x) => g.ReduceSum(x, { keepdims: 0 })),
  ],
  ReduceMean: [
    given(real('B', 'S', 5)).to((g, x) => g.ReduceMean(x, { axes: [-1] })),
    given(real('B', 'S', 5)).to((g, x) => g.ReduceMean(x, { axes: [0, 1], keepdims: 0 })),
    given(real('B', 5)).to((g, x) => g.ReduceMean(x, { keepdims: 0 })),
  ],
  ReduceMax: [
    given(apart('B', 5)).to((g, x) => g.ReduceMax(x, { axes: [-1] })),
    given(apart('B', 5)).to((g, x) => g.ReduceMax(x, { axes: [0], keepdims: 0 })),
    given(equal(1, 'B', 2)).to((g, x) => g.ReduceMax(x, { axes: [1] })),
  ],
  CumSum: [
    given(real('B', 'S')).to((g, x) => g.CumSum(x, { axis: 1 })),
    given(real('B', 5)).to((g, x) => g.CumSum(x, { axis: 0, exclusive: 1, reverse: 1 })),
  ],
  Softmax: [given(real('B', 'S', 5)).to((g, x) => g.Softmax(x)), given(real(2, 'B', 5)).to((g, x) => g.Softmax(x, { axis: 1 }))],
  LogSoftmax: [given(real('B', 5)).to((g, x) => g.LogSoftmax(x)), given(real(2, 'B', 5)).to((g, x) => g.LogSoftmax(x, { axis: 1 }))],
  LayerNormalization: [
    given(real('B', 'S', 5), real(5), real(5)).to((g, x, gamma, beta) => g.LayerNormalization(x, gamma, beta)[0]),
    given(real('B', 5), real(5)).to((g, x, gamma) => g.LayerNormalization(x, gamma, { epsilon: 0.1 })[0]),
  ],

  Reshape: [
    given(real('B', 'S', 6)).to((g, x) => g.reshape(x, ['B*S', 6])),
    given(real('B', 'S', 6)).to((g, x) => g.reshape(g.reshape(x, ['B*S', 6]), ['B', 'S', 2, 3])),
    given(real(2, 6)).to((g, x) => g.reshape(x, [3, 4])),
  ],
  Expand: [
    given(real(1, 5)).to((g, x) => g.expand(x, [2, 3, 5])),
    given(real('B', 1, 5), real('S')).to((g, x) => g.expand(x, ['B', 'S', 5])),
  ],
  Transpose: [given(real('B', 'S', 5)).to((g, x) => g.Transpose(x, { perm: [2, 0, 1] }))],
  Unsqueeze: [given(real('B', 5)).to((g, x) => g.Unsqueeze(x, { axes: [0, -1] }))],
  Squeeze: [given(real('B', 1, 5, 1)).to((g, x) => g.Squeeze(x, { axes: [1, -1] }))],
  Concat: [given(real('B', 2), real('B', 3), real('B', 1)).to((g, ...xs) => g.Concat(...xs, { axis: 1 }))],
  Split: [
    given(real('B', 6)).to((g, x) => g.Split(x, { split: [1, 2, 3], axis: -1 })),
    given(real('B', 6)).to((g, x) => g.Split(x, { split: [1, 2, 3], axis: -1 })[1] as Value),
  ],
  Slice: [
    given(real(4, 6)).to((g, x) => g.Slice(x, { starts: [1, 0], ends: [3, -1], axes: [0, 1], steps: [1, 2] })),
    given(real('B', 'S', 5)).to((g, x) => g.Slice(x, { starts: [0], ends: [1], axes: [1] })),
    given(real('B', 'S', 5)).to((g, x) => g.Slice(x, { starts: [-2, 0, 2], ends: [2 ** 31 - 1, 2 ** 31 - 1, 5], axes: [1, 0, 2] })),
    given(real('B', 'S', 5)).to((g, x) => g.Slice(x, { starts: [-3], ends: [-1], axes: [1] })),
  ],
  Skew: [given(real(2, 'B', 'S', '2*S')).to((g, x) => g.Skew(x)), given(real(5, 10)).to((g, x) => g.Skew(x))],
  Unskew: [given(real(2, 'B', 'S', 'S')).to((g, x) => g.Unskew(x)), given(real(5, 5)).to((g, x) => g.Unskew(x))],
  Pad: [given(real('B', 4, 2)).to((g, x) => g.Pad(x, { pads: [0, 1, 0, 0, 2, 3], value: 1.5 }))],

  Gather: [
    given(real(6, 5), indices(0, 3, 'B', 'S')).to((g, x, at) => g.Gather(x, at)),
    given(real('B', 4, 5), indices(-4, 4, 3)).to((g, x, at) => g.Gather(x, at, { axis: 1 })),
    given(real('B', 4, 5), indices(2, 3)).to((g, x, at) => g.Gather(x, at, { axis: 1 })),
    given(real('B', 5), indices(0, 2, 'S')).to((g, x, at) => g.Gather(x, g.Cast(at, { to: 'int32' }))),
  ],
  GatherElements: [given(real('B', 5), indices(0, 5, 'B', 3)).to((g, x, at) => g.GatherElements(x, at, { axis: 1 }))],
  ScatterElements: [
    given(real('B', 5), indices(0, 2, 'B', 4), real('B', 4)).to((g, x, at, updates) => g.ScatterElements(x, at, updates, { axis: 1 })),
  ],

  Where: [given(truth('B', 5), real('B', 1), real(5)).to((g, choice, a, b) => g.Where(choice, a, b))],
};

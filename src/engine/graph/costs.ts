import type { AttributesOf, OpName } from './ops.ts';

/** What kind of work an operator does. */
export type WorkKind = 'matrix products' | 'element by element' | 'along axes' | 'moving data';

/** A tensor's lengths, known. */
export type Lengths = readonly number[];

export interface Cost<Attributes> {
  readonly kind: WorkKind;
  /** Of one node, given the lengths of what goes in and comes out. */
  readonly operations: (inputs: readonly (Lengths | null)[], outputs: readonly Lengths[], attrs: Attributes) => number;
}

/**
 * The work of every operator in floating-point operations. A product of m × k and k × n matrices takes 2mnk. Functions of one element
 * count as the arithmetic they are written in, with each of exp, log, erf, tanh, pow, sqrt and every comparison as one.
 * Moving data counts as nothing but the sums that scattering makes.
 */
export const costs: { readonly [O in OpName]: Cost<AttributesOf<O>> } = {
  Add: each(1),
  Sub: each(1),
  Mul: each(1),
  Div: each(1),
  Pow: each(1),
  Max: each(1),
  Min: each(1),

  Identity: moved(),
  Neg: each(1),
  Abs: each(1),
  Reciprocal: each(1),
  Sqrt: each(1),
  Exp: each(1),
  Log: each(1),
  Erf: each(1),
  Tanh: each(1),
  Sigmoid: each(4), // 1 / (1 + exp(-x))
  Softplus: each(3), // log(1 + exp(x))
  Relu: each(1),
  Gelu: each(5), // ½ x (1 + erf(x / √2))
  Clip: each(2),
  Cast: moved(),

  MatMul: { kind: 'matrix products', operations: ([a], [y]) => 2 * size(y) * (a?.at(-1) ?? 0) },
  FusedMatMul: {
    kind: 'matrix products',
    operations: ([a], [y], { alpha, transA }) => size(y) * (2 * (a?.at(transA === 1 ? -2 : -1) ?? 0) + (alpha === 1 ? 0 : 1)),
  },
  Gemm: {
    kind: 'matrix products',
    operations: ([a, , c], [y], { alpha, beta, transA }) => {
      const scaledSum = (alpha === 1 ? 0 : 1) + (c === null || c === undefined ? 0 : beta === 1 ? 1 : 2);
      return size(y) * (2 * (a?.at(transA === 1 ? -2 : -1) ?? 0) + scaledSum);
    },
  },

  ReduceSum: alongAxes(1),
  ReduceMean: alongAxes(1),
  ReduceMax: alongAxes(1),
  CumSum: alongAxes(1),
  Softmax: alongAxes(5), // largest, difference, exp, sum, quotient
  LogSoftmax: alongAxes(5),
  LayerNormalization: alongAxes(7), // sum, difference, square, sum, and the products and the sum with 1/deviation, gamma and beta

  Reshape: moved(),
  Expand: moved(),
  Transpose: moved(),
  Unsqueeze: moved(),
  Squeeze: moved(),
  Concat: moved(),
  Split: moved(),
  Slice: moved(),
  Skew: moved(),
  Unskew: moved(),
  Pad: moved(),

  Gather: moved(),
  GatherElements: moved(),
  ScatterElements: { kind: 'moving data', operations: ([, , updates]) => size(updates) },

  Where: moved(),
  Equal: each(1),
  Greater: each(1),
  Less: each(1),
  And: moved(),
  Not: moved(),

  DynamicQuantizeLinear: alongAxes(4), // smallest, largest, quotient, rounding
  MatMulInteger: { kind: 'matrix products', operations: ([a], [y]) => 2 * size(y) * (a?.at(-1) ?? 0) },

  Shape: moved(),
  Size: moved(),
};

function size(lengths: Lengths | null | undefined): number {
  return (lengths ?? [0]).reduce((product, length) => product * length, 1);
}

/** So many operations for each element of the result. */
function each(count: number): Cost<unknown> {
  return { kind: 'element by element', operations: (_, [y]) => count * size(y) };
}

/** So many operations for each element of the input. */
function alongAxes(count: number): Cost<unknown> {
  return { kind: 'along axes', operations: ([x]) => count * size(x) };
}

function moved(): Cost<unknown> {
  return { kind: 'moving data', operations: () => 0 };
}

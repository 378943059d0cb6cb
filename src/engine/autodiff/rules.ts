import type { AttributesOf, Builder, InputsOf, OpName, OutputsOf, Value } from '../graph/index.ts';
import {
  count,
  cropPads,
  embedSlices,
  float,
  gaussian,
  keepAxes,
  layerNormX,
  layerNormXHat,
  leftFactor,
  logOrZero,
  onlyFirst,
  powerSlope,
  rightFactor,
  scatterAlong,
  share,
  zeros,
} from './expressions.ts';

/**
 * From the gradient of an operator's output to that of one input, before broadcasting is undone: the walk does that. `dy` of an
 * operator with several outputs is a list, with null where no gradient arrives. `i` is the input's place, for variadic ones.
 */
export type Pullback<O extends OpName> = (
  g: Builder,
  dy: Cotangent<O>,
  inputs: InputsOf<O>,
  outputs: OutputsOf<O>,
  attrs: AttributesOf<O>,
  i: number,
) => Value;

type Cotangent<O extends OpName> = OutputsOf<O> extends readonly [Value] ? Value : readonly (Value | null)[];

/** One pullback an input, null where nothing flows; a single one for all inputs of a variadic operator. */
type Rule<O extends OpName> = number extends InputsOf<O>['length'] ? Pullback<O> : Each<InputsOf<O>, Pullback<O> | null>;

type Each<List, Item> = { readonly [I in keyof List]: Item };

/** The derivative of every operator; null where it has none. dx is the gradient of the loss by x; ∘ is multiplication by element. */
export const rules = {
  Add: [(_, dy) => dy, (_, dy) => dy],
  Sub: [(_, dy) => dy, (g, dy) => g.Neg(dy)],
  Mul: [(g, dy, [, b]) => g.Mul(dy, b), (g, dy, [a]) => g.Mul(dy, a)],
  Div: [(g, dy, [, b]) => g.Div(dy, b), (g, dy, [, b], [y]) => g.Neg(g.Mul(dy, g.Div(y, b)))],
  Pow: [(g, dy, [x, p]) => g.Mul(dy, powerSlope(g, x, p)), (g, dy, [x], [y]) => g.Mul(dy, g.Mul(y, logOrZero(g, x)))],
  Max: [(g, dy, [a, b]) => g.Mul(dy, share(g, a, b)), (g, dy, [a, b]) => g.Mul(dy, share(g, b, a))],
  Min: [(g, dy, [a, b]) => g.Mul(dy, share(g, b, a)), (g, dy, [a, b]) => g.Mul(dy, share(g, a, b))],

  Identity: [(_, dy) => dy],
  Neg: [(g, dy) => g.Neg(dy)],
  Abs: slope((g, x) => g.Sub(float(g, g.Greater(x, g.scalar(0))), float(g, g.Less(x, g.scalar(0))))),
  Reciprocal: slope((g, _, y) => g.Neg(g.Mul(y, y))),
  Sqrt: slope((g, _, y) => g.Div(g.scalar(0.5), y)),
  Exp: slope((_, __, y) => y),
  Log: slope((g, x) => g.Reciprocal(x)),
  Erf: slope((g, x) => g.Mul(g.Exp(g.Neg(g.Mul(x, x))), g.scalar(2 / Math.sqrt(Math.PI)))),
  Tanh: slope((g, _, y) => g.Sub(g.scalar(1), g.Mul(y, y))),
  Sigmoid: slope((g, _, y) => g.Mul(y, g.Sub(g.scalar(1), y))),
  Softplus: slope((g, x) => g.Sigmoid(x)),
  Relu: slope((g, _, y) => float(g, g.Greater(y, g.scalar(0)))),
  Gelu: slope((g, x) => g.Add(gaussian.cumulative(g, x), g.Mul(x, gaussian.density(g, x)))),
  Clip: slope((g, x, y) => float(g, g.Equal(x, y))),
  Cast: [(g, dy, [x]) => g.Cast(dy, { to: x.dtype })],

  MatMul: [(g, dy, [, b]) => leftFactor(g, dy, b), (g, dy, [a, b]) => rightFactor(g, dy, a, b)],
  FusedMatMul: [(g, dy, [, b], _, attrs) => leftFactor(g, dy, b, attrs), (g, dy, [a, b], _, attrs) => rightFactor(g, dy, a, b, attrs)],
  Gemm: [
    (g, dy, [, b], _, attrs) => leftFactor(g, dy, b, attrs),
    (g, dy, [a, b], _, attrs) => rightFactor(g, dy, a, b, attrs),
    (g, dy, _, __, { beta }) => (beta === 1 ? dy : g.Mul(dy, g.scalar(beta))),
  ],

  ReduceSum: [(g, dy, [x], _, { axes }) => g.expand(keepAxes(g, dy, x, axes), x.shape)],
  ReduceMean: [(g, dy, [x], [y], { axes }) => g.expand(keepAxes(g, g.Div(dy, count(g, x, y, axes)), x, axes), x.shape)],
  ReduceMax: [
    (g, dy, [x], [y], { axes }) => {
      const largest = float(g, g.Equal(x, keepAxes(g, y, x, axes)));
      return g.Mul(largest, g.Div(keepAxes(g, dy, x, axes), g.ReduceSum(largest, { axes }))); // equals share it
    },
  ],
  CumSum: [(g, dy, _, __, { axis, exclusive, reverse }) => g.CumSum(dy, { axis, exclusive, reverse: 1 - reverse })],
  // y ∘ (dy - Σ dy ∘ y)
  Softmax: [(g, dy, _, [y], { axis }) => g.Mul(y, g.Sub(dy, g.ReduceSum(g.Mul(dy, y), { axes: [axis] })))],
  // dy - softmax ∘ Σ dy
  LogSoftmax: [(g, dy, _, [y], { axis }) => g.Sub(dy, g.Mul(g.Exp(y), g.ReduceSum(dy, { axes: [axis] })))],
  LayerNormalization: [
    (g, dys, [x, gamma], [, mean, invStd]) => layerNormX(g, onlyFirst(dys), x, gamma, mean, invStd),
    (g, dys, [x], [, mean, invStd]) => g.Mul(onlyFirst(dys), layerNormXHat(g, x, mean, invStd)),
    (_, dys) => onlyFirst(dys),
  ],

  Reshape: [(g, dy, [x]) => g.reshape(dy, x.shape)],
  Unsqueeze: [(g, dy, [x]) => g.reshape(dy, x.shape)],
  Squeeze: [(g, dy, [x]) => g.reshape(dy, x.shape)],
  Expand: [(_, dy) => dy],
  Transpose: [(g, dy, _, __, { perm }) => g.Transpose(dy, { perm: perm.map((_axis, place) => perm.indexOf(place)) })],
  Concat: (g, dy, xs, _, { axis }, i) => g.Split(dy, { split: xs.map((x) => x.shape[axis] as number), axis })[i] as Value,
  Split: [(g, dys, _, parts, { axis }) => g.Concat(...parts.map((part, i) => dys[i] ?? zeros(g, part.shape)), { axis })],
  Slice: [(g, dy, [x], _, ranges) => embedSlices(g, dy, x, ranges)],
  Skew: [(g, dy) => g.Unskew(dy)],
  Unskew: [(g, dy) => g.Skew(dy)],
  Pad: [(g, dy, [x], _, { pads }) => cropPads(g, dy, x, pads)],

  Gather: [(g, dy, [x, indices], _, { axis }) => scatterAlong(g, dy, x, indices, axis), null],
  GatherElements: [(g, dy, [x, indices], _, { axis }) => g.ScatterElements(zeros(g, x.shape), indices, dy, { axis }), null],
  ScatterElements: [(_, dy) => dy, null, (g, dy, [, indices], _, { axis }) => g.GatherElements(dy, indices, { axis })],

  // Chosen, not multiplied by 0 and 1: an infinite gradient of what was not chosen must not become NaN.
  Where: [null, (g, dy, [choice]) => g.Where(choice, dy, g.scalar(0)), (g, dy, [choice]) => g.Where(choice, g.scalar(0), dy)],
  Equal: null,
  Greater: null,
  Less: null,
  And: null,
  Not: null,
  DynamicQuantizeLinear: null,
  MatMulInteger: null,
  Shape: null,
  Size: null,
} as const satisfies { readonly [O in OpName]: Rule<O> | null };

/** Those that have a derivative. */
export type Differentiable = { [O in OpName]: (typeof rules)[O] extends null ? never : O }[OpName];

type Slope = (g: Builder, x: Value, y: Value) => Value;

/** The rule of a function of one element: dx = dy ∘ slope. */
function slope(of: Slope): readonly [(g: Builder, dy: Value, inputs: readonly [Value], outputs: readonly [Value]) => Value] {
  return [(g, dy, [x], [y]) => g.Mul(dy, of(g, x, y))];
}

import type { Builder, Value } from '../../../src/engine/graph/index.ts';

/** Attributes of an oracle's case, as its JSON has them. */
export interface OracleAttributes {
  readonly [name: string]: unknown;
}

type Inputs = Readonly<Record<string, Value>>;
export type OracleBuild = (g: Builder, inputs: Inputs, attrs: OracleAttributes) => Value | readonly Value[];

const unary =
  (op: 'Tanh' | 'Sigmoid' | 'Softplus' | 'Relu' | 'Erf' | 'Exp' | 'Log' | 'Sqrt' | 'Neg' | 'Abs' | 'Reciprocal'): OracleBuild =>
  (g, { x }) =>
    g[op](x!);
const binary =
  (op: 'Add' | 'Sub' | 'Mul' | 'Div'): OracleBuild =>
  (g, { input, other }) =>
    g[op](input!, other!);
const numbers = (value: unknown): readonly number[] => value as readonly number[];

/** How each operation of ../shared/oracles/ops is written with our operators. */
export const oracleBuilds: Readonly<Record<string, OracleBuild>> = {
  matmul: (g, { a, b }) => g.MatMul(a!, b!),
  gemm: (g, { a, b, c }, attrs) => g.Gemm(a!, b!, c!, attrs as { alpha: number; beta: number; transA: number; transB: number }),
  linear: (g, { x, weight, bias }) => g.Add(g.FusedMatMul(x!, weight!, { transB: 1 }), bias!),
  layernorm: (g, { x, weight, bias }, { epsilon }) => g.LayerNormalization(x!, weight!, bias!, { axis: -1, epsilon: epsilon as number })[0],
  gelu: (g, { x }, { approximate }) => (approximate === 'tanh' ? geluTanh(g, x!) : g.Gelu(x!)),
  erf: unary('Erf'),
  tanh: unary('Tanh'),
  sigmoid: unary('Sigmoid'),
  softplus: unary('Softplus'),
  relu: unary('Relu'),
  softmax: (g, { x }, { axis }) => g.Softmax(x!, { axis: axis as number }),
  log_softmax: (g, { x }, { axis }) => g.LogSoftmax(x!, { axis: axis as number }),
  softmax_masked: (g, { x, keep }, { fill }) => g.Softmax(masked(g, x!, keep!, fill as number)),
  gather: (g, { x, weight, ids }, { axis }) => g.Gather((x ?? weight)!, ids!, { axis: axis as number }),
  select: (g, { x }, { axis, index }) =>
    g.Squeeze(g.Gather(x!, g.ints([index as number]), { axis: axis as number }), { axes: [axis as number] }),
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Mul'),
  div: binary('Div'),
  exp: unary('Exp'),
  log: unary('Log'),
  sqrt: unary('Sqrt'),
  neg: unary('Neg'),
  abs: unary('Abs'),
  reciprocal: unary('Reciprocal'),
  pow: (g, { x }, { exponent }) => g.Pow(x!, g.scalar(exponent as number)),
  clip: (g, { x }, { min, max }) => g.Clip(x!, { min: min as number, max: max as number }),
  mean: (g, { x }, { axes, keepdims }) => g.ReduceMean(x!, { axes: numbers(axes ?? []), keepdims: keepdims as number }),
  sum: (g, { x }, { axes, keepdims }) => g.ReduceSum(x!, { axes: numbers(axes ?? []), keepdims: keepdims as number }),
  transpose: (g, { x }, { perm }) => g.Transpose(x!, { perm: numbers(perm) }),
  reshape: (g, { x }, { shape }) => g.reshape(x!, numbers(shape)),
  slice: (g, { x }, { axes, starts, ends, steps }) =>
    g.Slice(x!, { axes: numbers(axes), starts: numbers(starts), ends: numbers(ends), steps: numbers(steps) }),
  pad: (g, { x }, { pads, value }) => g.Pad(x!, { pads: numbers(pads), value: value as number }),
  concat: (g, { a, b }, { axis }) => g.Concat(a!, b!, { axis: axis as number }),
  split: (g, { x }, { axis, sizes }) => g.Split(x!, { axis: axis as number, split: numbers(sizes) }),
  expand: (g, { x }, { shape }) => g.expand(x!, numbers(shape)),
  where: (g, { x, other, cond }, { fill }) => g.Where(cond!, x!, other ?? g.scalar(fill as number)),
  dropout: (g, { x, mask }, { ratio }) => g.Mul(g.Mul(x!, mask!), g.scalar(1 / (1 - (ratio as number)))),
  masked_mean: (g, { x, keep }) => {
    const weight = g.Unsqueeze(g.Cast(keep!, { to: 'float32' }), { axes: [2] }); // [B, S, 1]
    return g.Div(g.ReduceSum(g.Mul(x!, weight), { axes: [1], keepdims: 0 }), g.ReduceSum(weight, { axes: [1], keepdims: 0 }));
  },
  attention: (g, { q, k, v, keep }, { scale, fill }) =>
    g.MatMul(g.Softmax(masked(g, g.FusedMatMul(q!, k!, { transB: 1, alpha: scale as number }), keep!, fill as number)), v!),
  bce_with_logits: (g, { x, target, pos_weight }, { reduction, pos_weight: weight }) =>
    reduced(g, binaryCrossEntropy(g, x!, target!, pos_weight ?? g.scalar(typeof weight === 'number' ? weight : 1)), reduction),
  cross_entropy: crossEntropy,
  mse: (g, { x, target }, { reduction }) => reduced(g, g.Pow(g.Sub(x!, target!), g.scalar(2)), reduction),
};

/** ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) */
function geluTanh(g: Builder, x: Value): Value {
  const cube = g.Pow(x, g.scalar(3));
  const inner = g.Mul(g.Add(x, g.Mul(cube, g.scalar(0.044715))), g.scalar(Math.sqrt(2 / Math.PI)));
  return g.Mul(g.Mul(x, g.scalar(0.5)), g.Add(g.scalar(1), g.Tanh(inner)));
}

/** Scores [B, A, S, T] where keep [B, T] is true, else `fill`. */
function masked(g: Builder, scores: Value, keep: Value, fill: number): Value {
  return g.Where(g.Unsqueeze(keep, { axes: [1, 2] }), scores, g.scalar(fill));
}

function reduced(g: Builder, x: Value, reduction: unknown): Value {
  return reduction === 'sum' ? g.ReduceSum(x, { keepdims: 0 }) : g.ReduceMean(x, { keepdims: 0 });
}

/** (1 - t) x + (1 + (w - 1) t) log(1 + e⁻ˣ), element by element; w weighs the positives. */
function binaryCrossEntropy(g: Builder, x: Value, target: Value, weight: Value): Value {
  const one = g.scalar(1);
  const scale = g.Add(one, g.Mul(g.Sub(weight, one), target));
  return g.Add(g.Mul(g.Sub(one, target), x), g.Mul(scale, g.Softplus(g.Neg(x))));
}

/**
 * PyTorch's cross_entropy of logits x [N, C] and classes [N]: the mean weighs by the targets' class weights, smoothing ε moves ε / C of
 * each target to all classes, rows whose target is `ignore_index` do not count.
 */
function crossEntropy(g: Builder, { x, target, weight }: Inputs, { reduction, label_smoothing, ignore_index }: OracleAttributes): Value {
  const classes = x!.shape[1] as number;
  const epsilon = (label_smoothing as number | undefined) ?? 0;
  const weights = weight ?? g.constant(new Float32Array(classes).fill(1), 'float32', [classes]);
  const ignored = g.Equal(target!, g.constant(BigInt64Array.of(BigInt((ignore_index as number | undefined) ?? -100)), 'int64', []));
  const counts = g.Cast(g.Not(ignored), { to: 'float32' }); // [N]
  const safe = g.Where(ignored, g.constant(BigInt64Array.of(0n), 'int64', []), target!);
  const logs = g.Mul(g.LogSoftmax(x!), weights); // [N, C]
  const own = g.Squeeze(g.GatherElements(logs, g.Unsqueeze(safe, { axes: [1] }), { axis: 1 }), { axes: [1] });
  const all = g.Mul(g.ReduceSum(logs, { axes: [1], keepdims: 0 }), g.scalar(epsilon / classes));
  const rows = g.Mul(g.Add(g.Mul(own, g.scalar(1 - epsilon)), all), counts);
  const total = g.Neg(g.ReduceSum(rows, { keepdims: 0 }));
  return reduction === 'sum' ? total : g.Div(total, g.ReduceSum(g.Mul(g.Gather(weights, safe), counts), { keepdims: 0 }));
}

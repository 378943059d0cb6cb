import { OrtrainError } from '../../core/errors.ts';
import type { Builder, Value } from '../graph/index.ts';
import type { ParameterSpec } from '../program.ts';
import type { HeadLayout } from './head-layout.ts';
import type { ModelBuilder } from './model-builder.ts';

/**
 * A last layer whose outputs say of one score f = w·x how likely it is above each of the thresholds between ranks: output k is the logit of
 * a rank above k. `coral` gives each threshold a bias, f + b_k (Cao, Mirjalili and Raschka 2020). `cumulative` keeps thresholds in order,
 * f − θ_k with θ_0 = t_0 and θ_k = θ_{k−1} + softplus(t_k), as cumulative link models have it (McCullagh 1980). Its parameters are `weight`
 * [1, inputs], and `bias` [outputs], which holds b or t.
 */
export interface RankLayer {
  readonly link: 'coral' | 'cumulative';
  /** Logits of a rank above each threshold, falling, that the layer starts from where f is 0; all ranks alike where they are left out. */
  readonly start?: readonly number[];
}

/** Logits [B, outputs] of x [B, inputs]. */
export function rankOutputs(m: ModelBuilder, x: Value, inputs: number, outputs: number, { link, start }: RankLayer): Value {
  const weight = m.parameter('weight', [1, inputs], { kind: 'uniform', bound: 1 / Math.sqrt(inputs) });
  const logits = start ?? evenStart(outputs);
  const isCoral = link === 'coral';
  const values = isCoral ? logits : stepsOf(logits.map((logit) => -logit));
  const own = m.parameter('bias', [outputs], { kind: 'values', values });
  return m.within((g) => {
    const score = g.Gemm(x, weight, null, { transB: 1 }); // [B, 1]
    return isCoral ? g.Add(score, own) : g.Sub(score, orderedThresholds(g, own, outputs));
  });
}

/**
 * The parameters with the layer as a dense one of as many outputs: its one row of weights in each, and the biases b_k, or −θ_k in place of
 * t_k.
 *
 * @param last the name of the layer
 */
export function denseRanks(parameters: readonly ParameterSpec[], last: string, { link }: RankLayer): HeadLayout {
  const named = (name: string): ParameterSpec => parameters.find((spec) => spec.name === `${last}.${name}`)!;
  const [row, bias] = [named('weight'), named('bias')];
  const outputs = bias.shape[0] as number;
  const weight: ParameterSpec = { ...row, shape: [outputs, row.shape[1] as number] };
  return {
    tensors: parameters.map((spec) => (spec === row ? weight : spec)),
    store: (model) => (spec, into) => {
      if (spec.name === weight.name) return filled(into, repeated(model(row), outputs));
      if (spec.name !== bias.name) return model(spec, into);
      const values = model(bias);
      return filled(into, link === 'coral' ? values : Float32Array.from(sumsOf([...values]), (threshold) => -threshold));
    },
    load: (file) => (spec, into) => {
      if (spec.name === row.name) return filled(into, sharedRow(file(weight), weight));
      if (spec.name !== bias.name) return file(spec, into);
      const values = file(bias);
      return filled(into, link === 'coral' ? values : Float32Array.from(stepsOf(Array.from(values, (value) => -value))));
    },
    redundant: [],
  };
}

/** Of as many ranks as there are, each as likely: log((outputs − k) / (k + 1)). */
function evenStart(outputs: number): readonly number[] {
  return Array.from({ length: outputs }, (_, k) => Math.log((outputs - k) / (k + 1)));
}

/** θ [outputs] of t: its first element, then softplus of the others added up by a triangle of ones. */
export function orderedThresholds(g: Builder, t: Value, outputs: number): Value {
  const triangle = Float32Array.from({ length: outputs * outputs }, (_, i) => (i % outputs <= Math.floor(i / outputs) ? 1 : 0));
  const first = Float32Array.from({ length: outputs }, (_, k) => (k === 0 ? 1 : 0));
  const isFirst = g.constant(first, 'float32', [outputs]);
  const steps = g.Add(g.Mul(isFirst, t), g.Mul(g.Sub(g.scalar(1), isFirst), g.Softplus(t)));
  const terms = g.Mul(g.constant(triangle, 'float32', [outputs, outputs]), steps);
  return g.ReduceSum(terms, { axes: [-1], keepdims: 0 });
}

/** θ of t, in float64. */
function sumsOf(t: readonly number[]): readonly number[] {
  let sum = 0;
  return t.map((value, k) => (sum += k === 0 ? value : Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)))));
}

/** t of θ. The inverse of softplus is y + log(1 − e⁻ʸ). */
function stepsOf(thresholds: readonly number[]): readonly number[] {
  return thresholds.map((threshold, k) => {
    if (k === 0) return threshold;
    const gap = Math.max(threshold - thresholds[k - 1]!, LEAST_GAP);
    return gap + Math.log(-Math.expm1(-gap));
  });
}

/** Closer thresholds have become one in float32. */
const LEAST_GAP = 1e-7;

function sharedRow(rows: Float32Array, { name, shape: [, width = 0] }: ParameterSpec): Float32Array {
  const first = rows.slice(0, width);
  if (rows.every((x, i) => x === first[i % width])) return first;
  throw new OrtrainError('data', `the rows of ${name} differ, though one score is what all the thresholds are held against`, {
    subject: name,
    remedy: 'Use the model.safetensors and config.json that were saved together, or load the model with Transformers.',
  });
}

function repeated(row: Float32Array, times: number): Float32Array {
  const all = new Float32Array(row.length * times);
  for (let k = 0; k < times; k++) all.set(row, k * row.length);
  return all;
}

function filled(into: Float32Array | undefined, values: Float32Array): Float32Array {
  into?.set(values);
  return into ?? values;
}

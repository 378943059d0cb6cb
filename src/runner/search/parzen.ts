import type { RandomState } from '../../core/random.ts';
import { valueAt } from '../../core/values.ts';
import { logDensity, logMass } from './normal.ts';

/** A parameter as TPE sees it: a number, where whole numbers have step 1, or one of several values by its index. */
export type Dimension =
  | { readonly kind: 'number'; readonly low: number; readonly high: number; readonly log: boolean; readonly step: number | null }
  | { readonly kind: 'choice'; readonly size: number };

/** A value for each dimension; null where a trial has no such parameter. */
export type Point = readonly (number | null)[];

/** A mixture of one kernel for each observation and a prior, the same weights in all dimensions. */
export interface Parzen {
  readonly weights: readonly number[];
  readonly kernels: readonly Kernels[];
}

/** Kernels of one dimension: normal ones that end with the range, or a probability for each value. */
type Kernels =
  | { readonly kind: 'number'; readonly of: NumberRange; readonly mu: readonly number[]; readonly sigma: readonly number[] }
  | { readonly kind: 'choice'; readonly probabilities: readonly (readonly number[])[] };

interface NumberRange {
  readonly log: boolean;
  readonly step: number | null;
  /** With half a step at each end, on the scale of the kernels. */
  readonly low: number;
  readonly high: number;
}

/**
 * The density of observed points: Bergstra et al., Algorithms for hyper-parameter optimization (2011), with the widths and weights of
 * Optuna's `_ParzenEstimator`. Observations are in their order in time. A trial without a parameter has the prior in its place.
 */
export function parzen(space: readonly Dimension[], observations: readonly Point[]): Parzen {
  return {
    weights: kernelWeights(observations.length),
    kernels: space.map((dimension, d) => kernelsOf(dimension, observations.map((point) => valueAt(point, d)))),
  };
}

/** ln of the density at a point; dimensions that are null there are left out. On a log scale it is that of ln x. */
export function logDensityAt({ weights, kernels }: Parzen, point: Point): number {
  const logs = weights.map((weight, k) => {
    return kernels.reduce((sum, dimension, d) => {
      const x = valueAt(point, d);
      return x === null ? sum : sum + logKernel(dimension, k, x);
    }, Math.log(weight));
  });
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}

/** Draws a point: a kernel by its weight, then every dimension of it. */
export function drawFrom({ weights, kernels }: Parzen, random: RandomState): readonly number[] {
  const k = drawIndex(weights, random);
  return kernels.map((dimension) => {
    if (dimension.kind === 'choice') return drawIndex(valueAt(dimension.probabilities, k), random);
    const { of: { low, high, log, step }, mu, sigma } = dimension;
    let x: number;
    // A kernel's middle lies in the range and its width is at most that of the range, so that a third of the draws are kept at least.
    do x = valueAt(mu, k) + valueAt(sigma, k) * random.normal();
    while (x < low || x > high);
    const value = log ? Math.exp(x) : x;
    if (step === null) return value;
    const [first, last] = log ? [Math.exp(low) + step / 2, Math.exp(high) - step / 2] : [low + step / 2, high - step / 2];
    return Math.min(Math.max(first + Math.round((value - first) / step) * step, first), last);
  });
}

/** The prior weighs as much as an observation. Of many, those before the last 25 weigh less the older they are. */
function kernelWeights(count: number): readonly number[] {
  const old = Math.max(0, count - RECENT);
  const ramp = Array.from({ length: old }, (_, i) => (old === 1 ? 1 / count : 1 / count + (i / (old - 1)) * (1 - 1 / count)));
  const all = [...ramp, ...Array.from({ length: count - old + 1 }, () => 1)];
  const total = all.reduce((sum, weight) => sum + weight, 0);
  return all.map((weight) => weight / total);
}

const RECENT = 25;

function kernelsOf(dimension: Dimension, observed: readonly (number | null)[]): Kernels {
  const known = observed.filter((value) => value !== null);
  if (dimension.kind === 'choice') {
    const share = 1 / (observed.length + 1);
    const probabilities = [...observed, null].map((value) => {
      const total = dimension.size * share + (value === null ? 0 : 1);
      return Array.from({ length: dimension.size }, (_, i) => (share + Number(value === i)) / total);
    });
    return { kind: 'choice', probabilities };
  }
  const range = rangeOf(dimension);
  const [middle, width] = [(range.low + range.high) / 2, range.high - range.low];
  const at = known.map((value) => (range.log ? Math.log(value) : value));
  const widths = sigmasOf(at, range);
  let next = 0;
  const sigma = observed.map((value) => (value === null ? width : valueAt(widths, next++)));
  const mu = observed.map((value) => (value === null ? middle : range.log ? Math.log(value) : value));
  return { kind: 'number', of: range, mu: [...mu, middle], sigma: [...sigma, width] };
}

/** The larger gap to a neighbour, within limits. The ends of the range are neighbours of a single observation only. */
function sigmasOf(observed: readonly number[], { low, high }: NumberRange): readonly number[] {
  const order = observed.map((_, i) => i).toSorted((a, b) => valueAt(observed, a) - valueAt(observed, b));
  const sorted = order.map((i) => valueAt(observed, i));
  const least = (high - low) / Math.min(100, observed.length + 2);
  const sigmas: number[] = [];
  for (const [place, i] of order.entries()) {
    const x = valueAt(sorted, place);
    const ends = observed.length === 1 ? [x - low, high - x] : [];
    const neighbours = [place - 1, place + 1].filter((at) => at >= 0 && at < sorted.length);
    const gaps = [...ends, ...neighbours.map((at) => Math.abs(x - valueAt(sorted, at)))];
    sigmas[i] = Math.min(Math.max(...gaps, least), high - low);
  }
  return sigmas;
}

function rangeOf({ low, high, log, step }: Extract<Dimension, { kind: 'number' }>): NumberRange {
  const half = (step ?? 0) / 2;
  const scaled = (x: number): number => (log ? Math.log(x) : x);
  return { log, step, low: scaled(low - half), high: scaled(high + half) };
}

function logKernel(kernels: Kernels, k: number, x: number): number {
  if (kernels.kind === 'choice') return Math.log(valueAt(valueAt(kernels.probabilities, k), x));
  const { of: { low, high, log, step }, mu, sigma } = kernels;
  const [middle, width] = [valueAt(mu, k), valueAt(sigma, k)];
  const scaled = (value: number): number => ((log ? Math.log(value) : value) - middle) / width;
  const whole = logMass((low - middle) / width, (high - middle) / width);
  if (step === null) return logDensity(scaled(x)) - Math.log(width) - whole;
  return logMass(scaled(x - step / 2), scaled(x + step / 2)) - whole;
}

function drawIndex(weights: readonly number[], random: RandomState): number {
  let left = random.sample() * weights.reduce((sum, weight) => sum + weight, 0);
  const at = weights.findIndex((weight) => (left -= weight) < 0);
  return at === -1 ? weights.length - 1 : at;
}

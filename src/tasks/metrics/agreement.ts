import { valueAt } from '../../core/values.ts';

/** Agreement of two gradings, as scikit-learn's `cohen_kappa_score` measures it. */

/** What being off by some grades costs: its number of grades, or their square. */
export type KappaWeights = 'linear' | 'quadratic';

/**
 * Weighted kappa of ranks below `grades`: 1 − Σ wᵢⱼ Oᵢⱼ / Σ wᵢⱼ Eᵢⱼ, with the observed counts O and those of independent gradings E; w is
 * |i − j|, or its square. NaN where both gradings are one and the same grade throughout.
 */
export function weightedKappa(truth: ArrayLike<number>, predicted: ArrayLike<number>, grades: number, weights: KappaWeights): number {
  const cost = weights === 'linear' ? (off: number): number => Math.abs(off) : (off: number): number => off * off;
  const [ofTruth, ofPrediction] = [countsOf(truth, grades), countsOf(predicted, grades)];
  let observed = 0;
  for (let row = 0; row < truth.length; row++) observed += cost(valueAt(truth, row) - valueAt(predicted, row));
  let expected = 0;
  ofTruth.forEach((rows, i) => ofPrediction.forEach((others, j) => (expected += rows * others * cost(i - j))));
  return 1 - observed / (expected / truth.length);
}

function countsOf(ranks: ArrayLike<number>, grades: number): Float64Array {
  const counts = new Float64Array(grades);
  for (let row = 0; row < ranks.length; row++) counts[valueAt(ranks, row)]!++;
  return counts;
}

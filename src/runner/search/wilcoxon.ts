import { valueAt } from '../../core/values.ts';
import { normalCdf } from './normal.ts';

/**
 * Wilcoxon's signed-rank test: the probability, if differences were as often positive as negative, of a sum of positive ranks as small as
 * the one found (`less`) or as large (`greater`). Zeros are ranked, and their ranks split. Exact without ties and zeros, by all
 * changes of signs for up to 13 differences, else by the normal approximation with the correction for ties, as scipy has it.
 */
export function signedRankTest(differences: readonly number[], side: 'less' | 'greater'): number {
  const { ranks, ties } = ranked(differences.map(Math.abs));
  const sum = (of: (difference: number) => boolean): number =>
    differences.reduce((total, difference, i) => total + (of(difference) ? valueAt(ranks, i) : 0), 0);
  const zeros = sum((difference) => difference === 0) / 2;
  const positive = sum((difference) => difference > 0) + zeros;
  const count = differences.length;
  const isPlain = ties.every((size) => size === 1) && zeros === 0;
  if (isPlain ? count <= MOST_EXACT : count <= MOST_PERMUTED) {
    const changing = ranks.filter((_, i) => differences[i] !== 0);
    return tail(changing, positive - zeros, side);
  }
  const [mean, cubes] = [(count * (count + 1)) / 4, ties.reduce((total, size) => total + size ** 3 - size, 0)];
  const deviation = Math.sqrt((count * (count + 1) * (2 * count + 1) - cubes / 2) / 24);
  const distance = positive - mean;
  return side === 'less' ? normalCdf(distance / deviation) : normalCdf(-distance / deviation);
}

const MOST_EXACT = 50;
const MOST_PERMUTED = 13;

/** The share of all choices of ranks whose sum is at most, or at least, the one found. Ranks are multiples of a half. */
function tail(ranks: readonly number[], found: number, side: 'less' | 'greater'): number {
  let ways = new Float64Array([1]);
  for (const rank of ranks.map((each) => 2 * each)) {
    const more = new Float64Array(ways.length + rank);
    for (const [total, number] of ways.entries()) {
      more[total]! += number / 2;
      more[total + rank]! += number / 2;
    }
    ways = more;
  }
  return ways.reduce((share, part, total) => share + ((side === 'less' ? total <= 2 * found : total >= 2 * found) ? part : 0), 0);
}

/** Mean ranks, from 1, and the sizes of the groups of equal values. */
function ranked(values: readonly number[]): { readonly ranks: readonly number[]; readonly ties: readonly number[] } {
  const order = values.map((_, i) => i).toSorted((a, b) => valueAt(values, a) - valueAt(values, b));
  const ranks: number[] = [];
  const ties: number[] = [];
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end += 1;
    for (const i of order.slice(start, end)) ranks[i] = (start + 1 + end) / 2;
    ties.push(end - start);
    start = end;
  }
  return { ranks, ties };
}

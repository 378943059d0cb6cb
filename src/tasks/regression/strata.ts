import { plural } from '../../core/text.ts';
import { valueAt } from '../../core/values.ts';
import { rowCount, type Targets } from '../../data/examples/index.ts';
import type { Strata } from '../../data/folds/index.ts';
import { ascending } from '../metrics/order.ts';
import { ranks } from '../metrics/numbers.ts';

/**
 * Ranges of the target with equally many rows, as pandas.qcut cuts them with `duplicates='drop'`: their edges are the different quantiles
 * j/bins with linear interpolation, and a row's bin is the number of inner edges below its number. Several columns are cut by the mean of
 * their ranks.
 */
export function numberStrata(targets: Targets, bins = USUAL_BINS): Strata {
  const numbers = targets.width === 1 ? targets.values : meanRanks(targets);
  const edges = innerEdges(numbers, bins);
  return {
    of: Int32Array.from(numbers, (value) => edges.filter((edge) => edge < value).length),
    count: edges.length + 1,
    words: { one: 'range of the target (split.bins)', many: 'ranges of the target (split.bins)' },
    tooFew(folds, rows) {
      return rows.length < folds ? [{ message: `there are ${plural(rows.length, 'row')} for ${folds} folds` }] : [];
    },
  };
}

const USUAL_BINS = 10;

/** The different quantiles between the smallest number and the largest. */
function innerEdges(numbers: Float64Array, bins: number): readonly number[] {
  const order = ascending(numbers);
  const sorted = (place: number): number => valueAt(numbers, valueAt(order, place));
  const quantile = (share: number): number => {
    const at = share * (numbers.length - 1);
    const [low, high] = [Math.floor(at), Math.ceil(at)];
    const step = sorted(high) - sorted(low);
    return at - low < 0.5 ? sorted(low) + (at - low) * step : sorted(high) - (1 - (at - low)) * step; // as numpy rounds
  };
  if (numbers.length === 0) return [];
  const all = Array.from({ length: bins + 1 }, (_, j) => quantile(j / bins));
  return [...new Set(all)].slice(1, -1);
}

/** [rows] The mean over the columns of a row's rank among those whose number is known, as a share of them. */
function meanRanks(targets: Targets): Float64Array {
  const { width, values } = targets;
  const [sums, counts] = [new Float64Array(rowCount(targets)), new Int32Array(rowCount(targets))];
  for (let column = 0; column < width; column++) {
    const rows = Int32Array.from(sums.keys()).filter((row) => !Number.isNaN(valueAt(values, row * width + column)));
    const ranked = ranks(Float64Array.from(rows, (row) => valueAt(values, row * width + column)));
    rows.forEach((row, i) => {
      sums[row]! += valueAt(ranked, i) / rows.length;
      counts[row]!++;
    });
  }
  return sums.map((sum, row) => sum / Math.max(1, valueAt(counts, row)));
}

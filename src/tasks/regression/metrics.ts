import { betterOf, type MetricName } from '../../config/index.ts';
import { mae, meanOfColumns, pearson, r2, rmse, spearman, type NumberScore } from '../metrics/numbers.ts';
import type { Metric } from '../task.ts';

/**
 * `rmse`, `mae`, `r2`, `pearson`, `spearman`, each the mean over the columns, as scikit-learn averages them, and for several columns
 * `mcrmse`, the competitions' name of the first. Rows whose number is not known do not count.
 */
export function numberMetrics(width: number): readonly Metric[] {
  const names = width === 1 ? NAMES : (['mcrmse', ...NAMES] as const);
  return names.map((name): Metric => ({
    name,
    better: betterOf(name),
    of: ({ values }, { numbers }) => meanOfColumns(SCORES[name], values, numbers, width),
  }));
}

const SCORES = { mcrmse: rmse, rmse, mae, r2, pearson, spearman } as const satisfies Partial<Record<MetricName, NumberScore>>;
const NAMES = ['rmse', 'mae', 'r2', 'pearson', 'spearman'] as const;

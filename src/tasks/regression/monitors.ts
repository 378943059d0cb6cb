import { bareMetric } from '../../config/index.ts';
import type { Problem } from '../../core/errors.ts';
import { valueAt } from '../../core/values.ts';
import { quoted } from '../../data/problems.ts';
import type { Divided, Refused, Watched } from '../task.ts';

/** A correlation says nothing where the numbers of a column are all the same, and R² nothing of fewer than two. */
export function undefinedNumberMetrics(columns: readonly string[], watched: readonly Watched[], divided: Divided): Refused | undefined {
  const problems = watched.flatMap(({ field, monitor }): readonly Problem[] => {
    const metric = bareMetric(monitor);
    if (!['pearson', 'spearman', 'r2'].includes(metric)) return [];
    const isTrain = monitor.startsWith('train/');
    const found = divided.trained.flatMap((fold) =>
      columns.flatMap((name, column) => {
        const { values, rows } = variety(divided, column, (of) => (of === fold) !== isTrain);
        return (metric === 'r2' ? rows < 2 : values < 2) ? [{ fold, name }] : [];
      }),
    );
    const [first] = found;
    if (first === undefined) return [];
    const what = metric === 'r2' ? 'has fewer than two numbers' : 'has fewer than two different numbers';
    const more = found.length > 1 ? `, and ${found.length - 1} more` : '';
    const rows = isTrain ? 'training' : 'validation';
    const where = `among the ${rows} rows of fold ${first.fold} the column ${quoted(first.name)} ${what}${more}`;
    return [{ message: `${field} is ${monitor}, which is not a number: ${where}`, field }];
  });
  if (problems.length === 0) return undefined;
  return { problems, remedy: 'Use fewer folds, leave columns with one number out of data.target, or watch val/rmse or val/loss.' };
}

/** How many rows of a part have a number in a column, and how many different ones these are; counting ends at two. */
function variety(
  { targets: { width, values }, foldOf }: Divided,
  column: number,
  isOfPart: (fold: number) => boolean,
): { readonly values: number; readonly rows: number } {
  const different = new Set<number>();
  let rows = 0;
  for (let row = 0; row < foldOf.length && different.size < 2; row++) {
    const value = valueAt(values, row * width + column);
    if (!isOfPart(valueAt(foldOf, row)) || Number.isNaN(value)) continue;
    different.add(value);
    rows++;
  }
  return { values: different.size, rows };
}

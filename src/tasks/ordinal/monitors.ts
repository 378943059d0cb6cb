import { valueAt } from '../../core/values.ts';
import { bareMetric } from '../../config/index.ts';
import { quoted } from '../../data/problems.ts';
import type { Divided, Refused, Watched } from '../task.ts';

/** Agreement and correlation say nothing where all rows have one grade. */
const NEED_TWO_GRADES = new Set(['qwk', 'kappa', 'mcc', 'pearson', 'spearman']);
const MOST_FOLDS = 3;

export function undefinedGradeMetrics(watched: readonly Watched[], divided: Divided, grades: readonly string[]): Refused | undefined {
  const problems = watched.flatMap(({ field, monitor }) => {
    if (!NEED_TWO_GRADES.has(bareMetric(monitor))) return [];
    const isTraining = monitor.startsWith('train/');
    const places = constantParts(divided, isTraining);
    if (places.length === 0) return [];
    const part = isTraining ? 'training' : 'validation';
    const where = places
      .slice(0, MOST_FOLDS)
      .map(({ fold, rank }) => `in fold ${fold}, whose ${part} rows all have the grade ${quoted(valueAt(grades, rank))}`);
    if (places.length > MOST_FOLDS) where.push(`in ${places.length - MOST_FOLDS} more folds`);
    return [{ message: `${field} is ${monitor}, which says nothing ${where.join(', and ')}`, field }];
  });
  if (problems.length === 0) return undefined;
  return {
    problems,
    remedy:
      'Let every fold have rows of several grades, with split.strategy: stratified-kfold, split.shuffle: true, fewer folds or smaller ' +
      'groups; or watch another metric, such as val/mae or val/loss.',
  };
}

/** Folds that validate, or train on, one grade only. */
function constantParts({ targets, foldOf, trained }: Divided, isTraining: boolean): readonly { fold: number; rank: number }[] {
  return trained.flatMap((fold) => {
    const ranks = new Set(targets.values.filter((_, row) => (foldOf[row] === fold) !== isTraining));
    const [rank] = ranks;
    return ranks.size === 1 && rank !== undefined ? [{ fold, rank }] : [];
  });
}

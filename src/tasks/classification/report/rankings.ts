import { valueAt } from '../../../core/values.ts';
import type { Ranking } from '../../figures/ranking.ts';
import { classSizes } from '../../metrics/confusion.ts';
import type { JudgedClasses } from './judged-classes.ts';

/** More curves than this cannot be told apart; the classes with the most rows are drawn. */
export const MOST_CURVES = 8;

/** One ranking for the second of two classes, otherwise one a class, the largest first. */
export function rankings({ classes, labels, probabilities }: JudgedClasses): readonly Ranking[] {
  const ranking = (name: string, k: number, scores: Float64Array): Ranking => ({
    name,
    positive: labels.map((label) => (label === k ? 1 : 0)),
    scores,
  });
  if (classes.length === 2) return [ranking(valueAt(classes, 1), 1, probabilities)];
  const width = classes.length;
  const rows = classSizes(labels, width);
  const occurring = [...rows.keys()].filter((k) => valueAt(rows, k) > 0);
  const largest = occurring.sort((a, b) => valueAt(rows, b) - valueAt(rows, a)).slice(0, MOST_CURVES);
  const scoresOf = (k: number): Float64Array => Float64Array.from(labels, (_, row) => valueAt(probabilities, row * width + k));
  return largest.map((k) => ranking(valueAt(classes, k), k, scoresOf(k)));
}

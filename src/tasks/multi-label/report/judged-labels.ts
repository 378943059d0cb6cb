import { valueAt } from '../../../core/values.ts';
import type { Ranking } from '../../figures/ranking.ts';
import { countsOfLabels, rankingOfLabels, scoresOf, type LabelRows } from '../../metrics/labels.ts';
import { averagePrecision, rocAuc } from '../../metrics/ranking.ts';
import type { OutOfFold } from '../../report.ts';

/** Out-of-fold predictions of labels. */
export interface JudgedLabels extends LabelRows {
  readonly names: readonly string[];
  readonly ids: readonly string[];
  readonly folds: Int32Array;
}

/** How well a label is told. */
export interface JudgedLabel {
  readonly name: string;
  /** Its number. */
  readonly label: number;
  /** Rows that have it, and rows of which it is known. */
  readonly rows: number;
  readonly known: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** NaN where the label is the same in all rows. */
  readonly rocAuc: number;
  readonly averagePrecision: number;
}

export function judgedLabels(names: readonly string[], { ids, folds, targets, predictions }: OutOfFold): JudgedLabels {
  return { names, ids, folds, labels: names.length, truth: targets.values, scores: predictions.numbers };
}

/** Every label, in their order. */
export function eachLabel(judged: JudgedLabels): readonly JudgedLabel[] {
  const [areas, precisions] = [rankingOfLabels(rocAuc, judged), rankingOfLabels(averagePrecision, judged)];
  const counts = countsOfLabels(judged);
  return judged.names.map((name, label) => {
    const own = valueAt(counts, label);
    return {
      name,
      label,
      rows: own.truth,
      known: own.known,
      ...scoresOf(own),
      rocAuc: valueAt(areas, label),
      averagePrecision: valueAt(precisions, label),
    };
  });
}

/** The worst first: labels by their area under the ROC curve, those without one last. */
export function worstFirst(each: readonly JudgedLabel[]): readonly JudgedLabel[] {
  const score = ({ rocAuc: area }: JudgedLabel): number => (Number.isNaN(area) ? Infinity : area);
  return each.toSorted((a, b) => score(a) - score(b) || a.label - b.label);
}

/** The rows of which a label is known. */
export function rankingOf({ names, labels, truth, scores }: JudgedLabels, label: number): Ranking {
  const cells: number[] = [];
  for (let cell = label; cell < truth.length; cell += labels) if (!Number.isNaN(truth[cell])) cells.push(cell);
  return {
    name: valueAt(names, label),
    positive: Int32Array.from(cells, (cell) => valueAt(truth, cell)),
    scores: Float64Array.from(cells, (cell) => valueAt(scores, cell)),
  };
}

import { valueAt } from '../../../core/values.ts';
import { bar, table } from '../../../core/page/elements.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { count, metric } from '../../../core/text.ts';
import { classScores, confusionOf, type ClassScores } from '../../metrics/confusion.ts';
import type { JudgedClasses } from './judged-classes.ts';

/** Where every class stands, beside the figures. */
export const CLASSES_TABLE = 'classes.csv';

/** More classes than this nobody reads; a page shows so many of them. */
const MOST_CLASSES = 30;

/** How many rows each class has, the largest first where there are too many to show. */
export function classShares(judged: JudgedClasses): Html {
  const scores = scoresOf(judged);
  const total = judged.labels.length;
  const { shown, note } = chosen(scores, (a, b) => b.support - a.support, 'with the most rows');
  const rows = shown.map(({ name, support }) => [name, count(support), `${((100 * support) / total).toFixed(1)} %`, bar(support / total)]);
  return html`${table(['class', 'rows', 'share', ''], rows)}${note}`;
}

/** How well each class is told, the worst first where there are too many to show. */
export function classQuality(judged: JudgedClasses): Html {
  const { shown, note } = chosen(scoresOf(judged), (a, b) => a.f1 - b.f1 || b.support - a.support, 'with the lowest F1');
  const rows = shown.map(({ name, support, precision, recall, f1 }) => [
    name,
    count(support),
    metric(precision),
    metric(recall),
    metric(f1),
  ]);
  return html`${table(['class', 'rows', 'precision', 'recall', 'F1'], rows)}${note}`;
}

/** `class,rows,precision,recall,f1` of every class. */
export function classRows(judged: JudgedClasses): readonly (readonly (string | number)[])[] {
  return scoresOf(judged).map(({ name, support, precision, recall, f1 }) => [name, support, precision, recall, f1]);
}

type Named = ClassScores & { readonly name: string };

function scoresOf({ classes, labels, predictions }: JudgedClasses): readonly Named[] {
  const scores = classScores(confusionOf(labels, predictions, classes.length));
  return scores.map((own, label) => ({ ...own, name: valueAt(classes, label) }));
}

/** All classes in their order, or the first ones in another, and a sentence that says so. */
function chosen(
  all: readonly Named[],
  order: (a: Named, b: Named) => number,
  which: string,
): { readonly shown: readonly Named[]; readonly note: Html | false } {
  if (all.length <= MOST_CLASSES) return { shown: all, note: false };
  const table = html`<code>figures/${CLASSES_TABLE}</code>`;
  const note = html`<p class="muted small">The ${MOST_CLASSES} of ${count(all.length)} classes ${which}; all are in ${table}.</p>`;
  return { shown: all.toSorted(order).slice(0, MOST_CLASSES), note };
}

import { bar, table } from '../../../core/page/elements.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { count, metric } from '../../../core/text.ts';
import { thresholdCurve } from '../../metrics/curves.ts';
import { bestThreshold } from '../../figures/ranking.ts';
import { eachLabel, rankingOf, worstFirst, type JudgedLabel, type JudgedLabels } from './judged-labels.ts';

/** Where every label stands, beside the figures. */
export const LABELS_TABLE = 'labels.csv';

export const labelTableColumns = [
  'label',
  'rows',
  'known',
  'precision',
  'recall',
  'f1',
  'roc_auc',
  'average_precision',
  'best_threshold',
  'best_f1',
];

/** More labels than this nobody reads; a page shows so many of them. */
const MOST_LABELS = 30;

/** How many rows each label has, the most frequent first where there are too many to show. */
export function labelShares(judged: JudgedLabels): Html {
  const { shown, note } = chosen(eachLabel(judged), (all) => all.toSorted((a, b) => b.rows - a.rows), 'with the most rows');
  const rows = shown.map((each) => {
    const share = each.rows / each.known;
    return [each.name, count(each.rows), `${(100 * share).toFixed(1)} %`, bar(share), count(judged.ids.length - each.known)];
  });
  return html`${table(['label', 'rows', 'share', '', 'not known'], rows)}${note}`;
}

/** How well each label is told, the worst first where there are too many to show. */
export function labelQuality(judged: JudgedLabels): Html {
  const { shown, note } = chosen(eachLabel(judged), worstFirst, 'with the lowest area under the ROC curve');
  const rows = shown.map((each) => [
    each.name,
    count(each.rows),
    ...[each.precision, each.recall, each.f1, each.rocAuc, each.averagePrecision].map((score) => metric(score)),
  ]);
  return html`${table(['label', 'rows', 'precision', 'recall', 'F1', 'ROC AUC', 'average precision'], rows)}${note}`;
}

/** Every label for a table; beside its scores the threshold with the highest F1 on these very rows. */
export function labelRows(judged: JudgedLabels): readonly (readonly (string | number)[])[] {
  return eachLabel(judged).map((each) => {
    const { positive, scores } = rankingOf(judged, each.label);
    const best = bestThreshold(thresholdCurve(positive, scores));
    return [
      each.name,
      each.rows,
      each.known,
      ...[each.precision, each.recall, each.f1, each.rocAuc, each.averagePrecision, best?.threshold ?? NaN, best?.f1 ?? NaN].map(
        (score) => (Number.isNaN(score) ? '' : score),
      ),
    ];
  });
}

function chosen(
  all: readonly JudgedLabel[],
  order: (all: readonly JudgedLabel[]) => readonly JudgedLabel[],
  which: string,
): { readonly shown: readonly JudgedLabel[]; readonly note: Html | false } {
  if (all.length <= MOST_LABELS) return { shown: all, note: false };
  const file = html`<code>figures/${LABELS_TABLE}</code>`;
  const note = html`<p class="muted small">The ${MOST_LABELS} of ${count(all.length)} labels ${which}; all are in ${file}.</p>`;
  return { shown: order(all).slice(0, MOST_LABELS), note };
}

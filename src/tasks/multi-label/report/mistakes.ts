import { html, type Html } from '../../../core/page/html.ts';
import { count, metric, plural } from '../../../core/text.ts';
import { lookup, valueAt } from '../../../core/values.ts';
import { isPredicted } from '../../metrics/labels.ts';
import { rowsById, shownSegments, textCells } from '../../figures/mistakes.ts';
import type { ReportTable, TrainTexts } from '../../report.ts';
import type { JudgedLabels } from './judged-labels.ts';

/** A label of a row that is predicted wrongly. */
export interface LabelMistake {
  readonly row: number;
  readonly label: number;
  /** Whether the row has the label. */
  readonly isTrue: boolean;
  /** The predicted probability of the label. */
  readonly probability: number;
}

/** Where all mistakes stand, beside the figures. */
export const MISTAKES_TABLE = 'mistakes.csv';

/** As many labels, and mistakes of each, as a person reads. */
const SHOWN_LABELS = 20;
const SHOWN_EACH = 5;

/** All wrong cells, the most confident first. */
export function labelMistakes({ truth, scores, labels }: JudgedLabels): readonly LabelMistake[] {
  const found: LabelMistake[] = [];
  for (let cell = 0; cell < truth.length; cell++) {
    const [is, probability] = [valueAt(truth, cell), valueAt(scores, cell)];
    if (Number.isNaN(is) || isPredicted(probability) === (is === 1)) continue;
    found.push({ row: Math.floor(cell / labels), label: cell % labels, isTrue: is === 1, probability });
  }
  return found.sort((a, b) => confidenceOf(b) - confidenceOf(a) || a.row - b.row || a.label - b.label);
}

/** `id,fold,label,target,probability` and the text of every wrong cell. Texts are empty where the training table is gone. */
export function mistakesTable(judged: JudgedLabels, texts: TrainTexts): ReportTable {
  const cells = textCells(texts);
  const rows = labelMistakes(judged).map(({ row, label, isTrue, probability }) => {
    const id = valueAt(judged.ids, row);
    return [id, valueAt(judged.folds, row), valueAt(judged.names, label), isTrue ? 1 : 0, probability, ...cells.of(id)];
  });
  return { file: MISTAKES_TABLE, columns: ['id', 'fold', 'label', 'target', 'probability', ...cells.columns], rows };
}

/** The most confident mistakes of the labels that have the most. */
export function mistakesSection(judged: JudgedLabels, texts: TrainTexts): Html {
  const mistakes = labelMistakes(judged);
  const byLabel = new Map<number, LabelMistake[]>();
  for (const mistake of mistakes) {
    const known = byLabel.get(mistake.label);
    if (known === undefined) byLabel.set(mistake.label, [mistake]);
    else known.push(mistake);
  }
  const most = [...byLabel.keys()].sort((a, b) => lookup(byLabel, b).length - lookup(byLabel, a).length || a - b).slice(0, SHOWN_LABELS);
  const rows = new Set(mistakes.map(({ row }) => row)).size;
  const textOf = rowsById(texts);
  const item = ({ row, isTrue, probability }: LabelMistake): Html => {
    const id = valueAt(judged.ids, row);
    const text = textOf.get(id);
    return html`<li>
<p class="what"><span>${metric(probability)}</span><span>${isTrue ? 'has the label' : 'does not have it'}</span>${
      html`<span>id ${id}</span><span>fold ${judged.folds[row]}</span>`
    }</p>
${text !== undefined && shownSegments(text)}</li>
`;
  };
  const total =
    `${plural(mistakes.length, 'label')} of ${plural(rows, 'row')} ${mistakes.length === 1 ? 'is' : 'are'} predicted wrongly, of ` +
    `${plural(judged.ids.length, 'row')} in all`;
  const which = byLabel.size > most.length ? `; these are the ${most.length} labels with the most mistakes` : '';
  return html`<p>${total}${which}. The number is the predicted probability of the label. All mistakes are in <code>figures/${
    MISTAKES_TABLE
  }</code>.</p>
${'missing' in texts && html`<p>${texts.missing}</p>`}
${most.map((label) => {
  const own = lookup(byLabel, label);
  const more = own.length > SHOWN_EACH && `, the ${SHOWN_EACH} most confident`;
  return html`<h3><b>${judged.names[label]}</b>: ${count(own.length)}${more}</h3>
<ol class="mistakes">${own.slice(0, SHOWN_EACH).map(item)}</ol>
`;
})}`;
}

function confidenceOf({ probability }: LabelMistake): number {
  return Math.abs(probability - 0.5);
}

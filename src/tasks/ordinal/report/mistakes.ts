import { html, type Html } from '../../../core/page/html.ts';
import { metric, plural } from '../../../core/text.ts';
import { valueAt } from '../../../core/values.ts';
import { rowsById, shownSegments, textCells } from '../../figures/mistakes.ts';
import type { ReportTable, TrainTexts } from '../../report.ts';
import type { JudgedGrades } from './judged-grades.ts';

/** Where all mistakes stand, beside the figures. */
export const MISTAKES_TABLE = 'mistakes.csv';

/** As many as a person reads. */
const SHOWN = 60;

/** Rows with another grade than their own, the farthest off first, then those whose score is. */
export function gradeMistakes({ labels, predictions, scores }: JudgedGrades): readonly number[] {
  const off = (row: number): number => Math.abs(valueAt(labels, row) - valueAt(predictions, row));
  const isLow = (row: number): number => (valueAt(predictions, row) < valueAt(labels, row) ? 1 : -1);
  const far = (row: number): number => -isLow(row) * valueAt(scores, row);
  return [...labels.keys()].filter((row) => off(row) > 0).sort((a, b) => off(b) - off(a) || far(b) - far(a) || a - b);
}

/** `id,fold,target,prediction,score` and the text of every mistake. Texts are empty where the training table is gone. */
export function mistakesTable(judged: JudgedGrades, texts: TrainTexts): ReportTable {
  const cells = textCells(texts);
  const { classes, ids, folds, labels, predictions, scores } = judged;
  const rows = gradeMistakes(judged).map((row) => {
    const id = valueAt(ids, row);
    const [target, prediction] = [valueAt(classes, valueAt(labels, row)), valueAt(classes, valueAt(predictions, row))];
    return [id, valueAt(folds, row), target, prediction, valueAt(scores, row), ...cells.of(id)];
  });
  return { file: MISTAKES_TABLE, columns: ['id', 'fold', 'target', 'prediction', 'score', ...cells.columns], rows };
}

/** The rows that are farthest off, with their texts. */
export function mistakesSection(judged: JudgedGrades, texts: TrainTexts): Html {
  const { classes, ids, folds, labels, predictions, scores } = judged;
  const mistakes = gradeMistakes(judged);
  const textOf = rowsById(texts);
  const item = (row: number): Html => {
    const id = valueAt(ids, row);
    const text = textOf.get(id);
    const grade = (ranks: Int32Array): Html => html`<b>${classes[valueAt(ranks, row)]}</b>`;
    return html`<li>
<p class="what"><span>true ${grade(labels)}, predicted ${grade(predictions)}</span><span>score ${metric(scores[row])}</span>${
      html`<span>id ${id}</span><span>fold ${folds[row]}</span>`
    }</p>
${text !== undefined && shownSegments(text)}</li>
`;
  };
  const shown = mistakes.slice(0, SHOWN);
  const which = mistakes.length > SHOWN ? `; these are the ${SHOWN} farthest off, and all are in ` : '. All are in ';
  const total = `${plural(mistakes.length, 'row')} of ${ids.length} ${mistakes.length === 1 ? 'has' : 'have'} another grade predicted`;
  return html`<p>${total}${which}<code>figures/${MISTAKES_TABLE}</code>.</p>
${'missing' in texts && html`<p>${texts.missing}</p>`}
<ol class="mistakes">${shown.map(item)}</ol>`;
}

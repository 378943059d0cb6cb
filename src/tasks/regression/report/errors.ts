import { html, type Html } from '../../../core/page/html.ts';
import { count, plural } from '../../../core/text.ts';
import { valueAt } from '../../../core/values.ts';
import { rowsById, shownSegments, textCells } from '../../figures/mistakes.ts';
import type { ReportedRun, ReportTable } from '../../report.ts';
import type { Scale } from '../scale.ts';
import type { JudgedColumn } from './judged-numbers.ts';

/** As many rows as a person reads. */
const SHOWN = 50;

/** Where all rows stand, the most wrong one first. */
export const ERRORS_TABLE = 'errors.csv';

/** A number that was predicted, and how far off it is. */
export interface NumberError {
  /** Position in the out-of-fold predictions. */
  readonly row: number;
  readonly column: JudgedColumn;
  readonly truth: number;
  readonly predicted: number;
  /** |predicted − true| in deviations of the column. */
  readonly size: number;
}

/** Every number with its error, the largest in deviations of its column first. */
export function errorsOf(columns: readonly JudgedColumn[], { sd }: Scale): readonly NumberError[] {
  return columns
    .flatMap((column, k) =>
      Array.from(column.rows, (row, i): NumberError => {
        const [truth, predicted] = [valueAt(column.truth, i), valueAt(column.predicted, i)];
        return { row, column, truth, predicted, size: Math.abs(predicted - truth) / valueAt(sd, k) };
      }),
    )
    .sort((a, b) => b.size - a.size || a.row - b.row);
}

/** `id,fold,column,target,prediction,error` and the text. Texts are empty where the training table is gone. */
export function errorTable(errors: readonly NumberError[], { outOfFold: { ids, folds }, texts }: ReportedRun): ReportTable {
  const cells = textCells(texts);
  return {
    file: ERRORS_TABLE,
    columns: ['id', 'fold', 'column', 'target', 'prediction', 'error', ...cells.columns],
    rows: errors.map(({ row, column, truth, predicted }) => {
      const id = valueAt(ids, row);
      return [id, valueAt(folds, row), column.name, truth, predicted, predicted - truth, ...cells.of(id)];
    }),
  };
}

/** The rows that are most wrong, with their texts. */
export function errorsSection(errors: readonly NumberError[], columns: number, run: ReportedRun): Html {
  const { outOfFold: { ids, folds }, texts, conflicts } = run;
  const textOf = rowsById(texts);
  const item = ({ row, column, truth, predicted }: NumberError): Html => {
    const id = valueAt(ids, row);
    const text = textOf.get(id);
    return html`<li>
<p class="what"><span>${columns > 1 && html`${column.name}: `}true <b>${shown(truth)}</b>, ${
  html`predicted <b>${shown(predicted)}</b>`
}</span><span>id ${id}</span><span>fold ${folds[row]}</span></p>
${text !== undefined && shownSegments(text)}</li>
`;
  };
  const first = errors.slice(0, SHOWN);
  const which = errors.length > SHOWN ? `The ${SHOWN} largest errors of ${count(errors.length)}` : plural(errors.length, 'error');
  const unit = columns > 1 ? ', in standard deviations of their column' : '';
  return html`<p>${which}${unit}. All are in <code>figures/${ERRORS_TABLE}</code>.</p>
${'missing' in texts && html`<p>${texts.missing}</p>`}
${'examples' in texts && html`<p class="muted small">${conflictSummary(conflicts)}</p>`}
<ol class="mistakes">${first.map(item)}</ol>`;
}

function conflictSummary(conflicts: readonly (readonly number[])[]): string {
  if (conflicts.length === 0) return 'No text occurs with different numbers.';
  const rows = conflicts.reduce((sum, group) => sum + group.length, 0);
  return (
    `${plural(conflicts.length, 'text')} ${conflicts.length === 1 ? 'occurs' : 'occur'} with different numbers, in ${count(rows)} rows: ` +
    'no model can be right on all of them. Letter case, spaces and addresses do not count as a difference.'
  );
}

/** In at most six significant digits. */
export function shown(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : '–';
}

import { figure, table, tile } from '../../../core/page/elements.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { metric, plural } from '../../../core/text.ts';
import { valueAt } from '../../../core/values.ts';
import { mae, pearson, r2, rmse } from '../../metrics/numbers.ts';
import type { ReportedRun, TaskReport } from '../../report.ts';
import type { Scale } from '../scale.ts';
import { errorsOf, errorsSection, errorTable, shown } from './errors.ts';
import { figureNames, predictedFigure, residualFigure } from './figures.ts';
import { judgedColumns, type JudgedColumn } from './judged-numbers.ts';

/** More columns than these are in the table alone. */
const MOST_DRAWN = 8;

/** Predicted against true numbers, what is left between them, and the rows that are most wrong. */
export function numberReport(columns: readonly string[], scale: Scale, run: ReportedRun): TaskReport {
  const judged = judgedColumns(columns, run.outOfFold);
  const drawn = judged.slice(0, MOST_DRAWN).map((column, k) => ({ column, names: figureNames(k, columns.length) }));
  const errors = errorsOf(judged, scale);
  const main = columns.length === 1 ? 'rmse' : 'mcrmse';
  const of = (name: string): string => metric(run.metrics[`oof/${name}`]);
  const guessed = judged.map(({ truth }, k) => rmse(truth, new Float64Array(truth.length).fill(valueAt(scale.mean, k))));
  const baseline = guessed.reduce((sum, value) => sum + value, 0) / guessed.length;
  return {
    answer:
      `the root mean squared error is ${of(main)}${columns.length === 1 ? '' : `, the mean of ${columns.length} columns`}; always ` +
      `predicting the mean comes to ${metric(baseline)}.`,
    tiles: [
      tile(of(main), columns.length === 1 ? `root mean squared error ${run.words.where}` : `mean column-wise RMSE ${run.words.where}`),
      tile(of('mae'), 'mean absolute error'),
      tile(of('r2'), 'R², the share of the variance that is explained'),
      tile(of('pearson'), 'Pearson’s correlation'),
    ],
    interval: null,
    figures: drawn.flatMap(({ column, names }) => [predictedFigure(names.predicted, column), residualFigure(names.residuals, column)]),
    targets: distributions(judged),
    sections: (show) => [
      { id: 'predictions', title: run.words.title, body: predictionsSection(judged, drawn, guessed, run.words.how, show) },
      { id: 'errors', title: 'Largest errors', body: errorsSection(errors, columns.length, run) },
    ],
    tables: [errorTable(errors, run)],
  };
}

function predictionsSection(
  judged: readonly JudgedColumn[],
  drawn: readonly { readonly column: JudgedColumn; readonly names: ReturnType<typeof figureNames> }[],
  guessed: readonly number[],
  how: string,
  show: (figure: string) => Html | undefined,
): Html {
  const omitted = judged.length - drawn.length;
  return html`<p>${how}</p>
<div class="figures">
${drawn.map(({ column, names }) => html`${figure(show(names.predicted), `${column.name}: on the dashed line a prediction is right.`)}
${figure(show(names.residuals), `${column.name}: errors of ${plural(column.rows.length, 'row')}; the line is their mean.`)}
`)}</div>
${omitted > 0 && html`<p class="muted small">${plural(omitted, 'further column')} ${omitted === 1 ? 'is' : 'are'} not drawn.</p>`}
<h3>Columns</h3>
${table(
  ['column', 'rows', 'RMSE', 'always the mean', 'MAE', 'R²', 'Pearson', 'mean error'],
  judged.map(({ name, truth, predicted }, k) => [
    name,
    String(truth.length),
    metric(rmse(truth, predicted)),
    metric(guessed[k]),
    metric(mae(truth, predicted)),
    metric(r2(truth, predicted)),
    metric(pearson(truth, predicted)),
    metric(predicted.reduce((sum, value, i) => sum + value - valueAt(truth, i), 0) / truth.length),
  ]),
)}`;
}

/** How the numbers of each column are distributed. */
function distributions(judged: readonly JudgedColumn[]): Html {
  return table(
    ['column', 'rows', 'smallest', 'median', 'largest', 'mean', 'deviation'],
    judged.map(({ name, truth }) => {
      const sorted = truth.toSorted();
      const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
      const variance = truth.reduce((sum, value) => sum + (value - mean) ** 2, 0) / truth.length;
      const numbers = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1), mean, Math.sqrt(variance)];
      return [name, String(truth.length), ...numbers.map((value) => shown(value ?? NaN))];
    }),
  );
}

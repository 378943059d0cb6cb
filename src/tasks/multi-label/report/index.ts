import { figure, tile } from '../../../core/page/elements.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { count, metric, plural } from '../../../core/text.ts';
import { wilsonInterval } from '../../../data/statistics/index.ts';
import { calibrationFigure, CALIBRATION_BINS } from '../../figures/calibration.ts';
import { calibrationBins, calibrationError } from '../../metrics/curves.ts';
import type { ReportedRun, TaskReport } from '../../report.ts';
import { judgedLabels, type JudgedLabels } from './judged-labels.ts';
import { labelMistakes, mistakesSection, mistakesTable } from './mistakes.ts';
import { drawnLabels, precisionRecallPanels, rocPanels } from './panels.ts';
import { labelQuality, labelRows, labelShares, labelTableColumns, LABELS_TABLE } from './tables.ts';

/** A panel a label for its ranking, the calibration of all cells, how well each label is told, and the mistakes by label. */
export function labelReport(names: readonly string[], { outOfFold, metrics, texts }: ReportedRun): TaskReport {
  const judged = judgedLabels(names, outOfFold);
  const rows = judged.ids.length;
  const hits = rows - new Set(labelMistakes(judged).map(({ row }) => row)).size;
  const within = wilsonInterval(hits, rows);
  const interval = `${percent(within.low)} to ${percent(within.high)}`;
  const calibration = calibrationOf(judged);
  return {
    answer: `${count(hits)} of ${plural(rows, 'text')} have all labels predicted correctly: ${percent(hits / rows)} (${interval}).`,
    tiles: [
      tile(metric(metrics['oof/roc_auc']), 'area under the ROC curve, the mean over the labels'),
      tile(metric(metrics['oof/f1_macro']), 'macro F1 out of fold'),
      tile(percent(hits / rows), `all labels right, ${interval}`),
      tile(metric(calibrationError(calibration.bins)), 'expected calibration error'),
    ],
    interval: { whose: 'Wilson’s', of: 'the share of texts with all labels right' },
    figures: [
      ...(drawnLabels(judged).length === 0 ? [] : [rocPanels(judged), precisionRecallPanels(judged)]),
      calibrationFigure(calibration),
    ],
    targets: labelShares(judged),
    sections: (show) => [
      { id: 'predictions', title: 'Out-of-fold predictions', body: predictionsSection(judged, show) },
      { id: 'mistakes', title: 'Mistakes', body: mistakesSection(judged, texts) },
    ],
    tables: [
      { file: LABELS_TABLE, columns: labelTableColumns, rows: labelRows(judged) },
      mistakesTable(judged, texts),
    ],
  };
}

function predictionsSection(judged: JudgedLabels, show: (figure: string) => Html | undefined): Html {
  const { length } = drawnLabels(judged);
  const which = length < judged.labels ? `The ${length} labels that are told worst` : 'Each label';
  const error = metric(calibrationError(calibrationOf(judged).bins));
  return html`<p>Each row is judged by the one model that has not seen it.</p>
<div class="figures">
${figure(show('roc'), `${which}, with the area under its ROC curve.`)}
${figure(show('precision-recall'), `${which}, with its average precision. Dashed: the share of rows that have the label.`)}
${figure(
  show('calibration'),
  `Expected calibration error ${error} over all labels: the mean distance from the diagonal, weighted by rows, in bins of a tenth.`,
)}
</div>
<h3>Labels</h3>
${labelQuality(judged)}`;
}

/** Of all known cells together. */
function calibrationOf({ truth, scores }: JudgedLabels): Parameters<typeof calibrationFigure>[0] {
  const known = Array.from({ length: truth.length }, (_, cell) => cell).filter((cell) => !Number.isNaN(truth[cell]));
  const of = (values: ArrayLike<number>): Float64Array => Float64Array.from(known, (cell) => values[cell] ?? NaN);
  return { of: 'probability of a label', bins: calibrationBins(of(truth), of(scores), CALIBRATION_BINS) };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

import { figure, tile } from '../../../core/page/elements.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { count, metric, plural } from '../../../core/text.ts';
import { valueAt } from '../../../core/values.ts';
import { wilsonInterval } from '../../../data/statistics/index.ts';
import { calibrationError, thresholdCurve } from '../../metrics/curves.ts';
import type { ReportedRun, TaskReport } from '../../report.ts';
import { calibrationFigure } from '../../figures/calibration.ts';
import { confusionCaption, confusionFigure, CONFUSION_TABLE, confusionRows } from '../../figures/confusion.ts';
import { bestThreshold, precisionRecallFigure, rocFigure, thresholdFigure } from '../../figures/ranking.ts';
import { calibrationOf } from './calibration.ts';
import { CLASSES_TABLE, classQuality, classRows, classShares } from './classes.ts';
import { judgedClasses, type JudgedClasses } from './judged-classes.ts';
import { mistakesSection, mistakesTable } from './mistakes.ts';
import { MOST_CURVES, rankings } from './rankings.ts';

/** Confusion, ranking and calibration of out-of-fold predictions, and the mistakes by pair of classes. */
export function classReport(classes: readonly string[], { words, outOfFold, metrics, texts, conflicts }: ReportedRun): TaskReport {
  const judged = judgedClasses(classes, outOfFold);
  const { hits, rows } = accuracyOf(judged);
  const within = wilsonInterval(hits, rows);
  const interval = `${percent(within.low)} to ${percent(within.high)}`;
  const { bins } = calibrationOf(judged);
  const ranked = rankings(judged);
  const [only] = ranked;
  return {
    answer: `${count(hits)} of ${plural(rows, 'text')} are classified correctly: ${percent(hits / rows)} (${interval}).`,
    tiles: [
      tile(percent(hits / rows), `accuracy ${words.where}, ${interval}`),
      tile(metric(metrics['oof/f1_macro']), `macro F1 ${words.where}`),
      tile(metric(metrics['oof/roc_auc']), 'area under the ROC curve'),
      tile(metric(calibrationError(bins)), 'expected calibration error'),
    ],
    interval: { whose: 'Wilson’s', of: 'the accuracy' },
    figures: [
      confusionFigure(judged),
      rocFigure(ranked, judged.folds),
      precisionRecallFigure(ranked, judged.folds),
      calibrationFigure(calibrationOf(judged)),
      ...(classes.length === 2 && only !== undefined ? [thresholdFigure(only)] : []),
    ],
    targets: classShares(judged),
    sections: (show) => [
      { id: 'predictions', title: words.title, body: predictionsSection(judged, metrics, words.how, show) },
      { id: 'mistakes', title: 'Mistakes', body: mistakesSection(judged, texts, conflicts) },
    ],
    tables: [
      { file: CONFUSION_TABLE, columns: ['target', 'prediction', 'rows', 'share'], rows: confusionRows(judged) },
      mistakesTable(judged, texts),
      { file: CLASSES_TABLE, columns: ['class', 'rows', 'precision', 'recall', 'f1'], rows: classRows(judged) },
    ],
  };
}

function predictionsSection(
  judged: JudgedClasses,
  metrics: ReportedRun['metrics'],
  how: string,
  show: (figure: string) => Html | undefined,
): Html {
  const { classes, labels, folds } = judged;
  const isBinary = classes.length === 2;
  const error = metric(calibrationError(calibrationOf(judged).bins));
  const ofFolds = new Set(folds).size > 1 ? 'Thin: each fold. Thick: all folds together.' : '';
  const pooled = isBinary ? ofFolds : againstOthers(new Set(labels).size);
  return html`<p>${how}</p>
<div class="figures">
${figure(show('confusion'), confusionCaption(classes.length))}
${figure(show('roc'), `${pooled} Area ${metric(metrics['oof/roc_auc'])}${isBinary ? '' : ', the mean over all classes'}.`)}
${figure(show('precision-recall'), `${pooled}${isBinary ? ` Positive is class ${valueAt(classes, 1)}.` : ''}`)}
${figure(
  show('calibration'),
  `Expected calibration error ${error}: the mean distance from the diagonal, weighted by rows, in bins of a tenth.`,
)}
${isBinary && figure(show('threshold'), thresholdCaption(judged, metrics))}
</div>
<h3>Classes</h3>
${classQuality(judged)}`;
}

function againstOthers(classes: number): string {
  return classes > MOST_CURVES
    ? `The ${MOST_CURVES} classes with the most rows, each against all others.`
    : 'Each class against all others.';
}

function thresholdCaption(judged: JudgedClasses, metrics: ReportedRun['metrics']): string {
  const [ranking] = rankings(judged);
  const best = ranking === undefined ? undefined : bestThreshold(thresholdCurve(ranking.positive, ranking.scores));
  return (
    `At one half F1 of class ${valueAt(judged.classes, 1)} is ${metric(metrics['oof/f1'])}, at ${best?.threshold.toFixed(3) ?? '–'} it ` +
    `would be ${metric(best?.f1)}. That threshold is the best one for these very rows; expect less of it on new texts.`
  );
}

function accuracyOf({ labels, predictions }: JudgedClasses): { readonly hits: number; readonly rows: number } {
  const hits = labels.reduce((sum, label, row) => sum + (label === predictions[row] ? 1 : 0), 0);
  return { hits, rows: labels.length };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

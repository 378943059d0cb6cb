import { bar, figure, table, tile } from '../../../core/page/elements.ts';
import { html, type Html } from '../../../core/page/html.ts';
import { count, metric, plural } from '../../../core/text.ts';
import { valueAt } from '../../../core/values.ts';
import { wilsonInterval } from '../../../data/statistics/index.ts';
import { confusionCaption, confusionFigure, CONFUSION_TABLE, confusionRows } from '../../figures/confusion.ts';
import { classScores, confusionOf } from '../../metrics/confusion.ts';
import type { ReportedRun, TaskReport } from '../../report.ts';
import { judgedGrades, meanScores, type JudgedGrades } from './judged-grades.ts';
import { mistakesSection, mistakesTable } from './mistakes.ts';
import { scoresFigure } from './scores.ts';

/** Confusion of grades, scores by true grade, and the rows that are farthest off. */
export function gradeReport(grades: readonly string[], { outOfFold, metrics, texts }: ReportedRun): TaskReport {
  const judged = judgedGrades(grades, outOfFold);
  const { labels, predictions } = judged;
  const rows = labels.length;
  const within = (most: number): number => labels.filter((rank, row) => Math.abs(rank - valueAt(predictions, row)) <= most).length;
  const interval = wilsonInterval(within(0), rows);
  const shown = `${percent(interval.low)} to ${percent(interval.high)}`;
  return {
    answer:
      `${count(within(0))} of ${plural(rows, 'text')} have their grade predicted: ${percent(within(0) / rows)} (${shown}); ` +
      `${percent(within(1) / rows)} are at most one grade off.`,
    tiles: [
      tile(metric(metrics['oof/qwk']), 'quadratic weighted kappa out of fold'),
      tile(percent(within(0) / rows), `accuracy out of fold, ${shown}`),
      tile(percent(within(1) / rows), 'at most one grade off'),
      tile(metric(metrics['oof/mae']), 'mean absolute error, in grades'),
    ],
    interval: { whose: 'Wilson’s', of: 'the accuracy' },
    figures: [confusionFigure(judged), scoresFigure(judged)],
    targets: gradeShares(judged),
    sections: (show) => [
      { id: 'predictions', title: 'Out-of-fold predictions', body: predictionsSection(judged, show) },
      { id: 'mistakes', title: 'Mistakes', body: mistakesSection(judged, texts) },
    ],
    tables: [
      { file: CONFUSION_TABLE, columns: ['target', 'prediction', 'rows', 'share'], rows: confusionRows(judged) },
      mistakesTable(judged, texts),
    ],
  };
}

function gradeShares({ classes, labels, predictions }: JudgedGrades): Html {
  const { truth } = confusionOf(labels, predictions, classes.length);
  const rows = classes.map((name, rank) => {
    const share = valueAt(truth, rank) / labels.length;
    return [name, count(valueAt(truth, rank)), `${(100 * share).toFixed(1)} %`, bar(share)];
  });
  return table(['grade', 'rows', 'share', ''], rows);
}

function predictionsSection(judged: JudgedGrades, show: (figure: string) => Html | undefined): Html {
  const { classes, labels, predictions } = judged;
  const scores = classScores(confusionOf(labels, predictions, classes.length));
  const means = meanScores(judged);
  const rows = classes.map((name, rank) => {
    const { support, precision, recall, f1 } = valueAt(scores, rank);
    return [name, count(support), metric(precision), metric(recall), metric(f1), metric(valueAt(means, rank))];
  });
  return html`<p>Each row is judged by the one model that has not seen it.</p>
<div class="figures">
${figure(show('confusion'), confusionCaption(classes.length))}
${figure(show('scores'), 'The expected grade of the rows of each true grade: the middle half, and the range without the outer twentieths.')}
</div>
<h3>Grades</h3>
${table(['grade', 'rows', 'precision', 'recall', 'F1', 'mean score'], rows)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

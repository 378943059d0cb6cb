import { validationPerTrainingRow } from '../../../config/index.ts';
import { count, metric, plural } from '../../../core/text.ts';
import { resampledInterval, type Interval } from '../../../data/statistics/index.ts';
import { range } from '../../comparison/index.ts';
import type { EvaluatedRun } from '../../evaluated-run.ts';
import { modelInWords, modelName } from '../../../core/model-name.ts';
import { bestEpochs, modelHistories, type TrainedHistory } from '../../run-metrics.ts';
import { MOST_FOLD_FIGURES, storyOf } from '../figures/learning.ts';
import { html, type Html } from '../../../core/page/html.ts';
import type { JobStory } from './journal-story.ts';
import { figure, table, tile } from '../../../core/page/elements.ts';
import { lastOf, valueAt } from '../../../core/values.ts';
import { figureIfMeasured } from '../../../core/measures.ts';
import type { RunStory } from './story.ts';

type Show = (figure: string) => Html | undefined;

/** What the run has come to, and how sure that is. */
export function resultSentence({ run, report }: RunStory): Html {
  const { folds, cv } = run.metrics;
  const monitor = run.experiment.training.best_model.monitor;
  const known = cv[monitor.replace(/^val\//, '')];
  const interval = foldInterval(run, monitor);
  const overFolds =
    known === undefined
      ? ''
      : folds.length === 1
        ? `${monitor} is ${metric(known.mean)} on the one fold that was trained`
        : `${monitor} is ${metric(known.mean)} ± ${metric(known.sd)} over ${folds.length} folds`;
  const within = interval === undefined ? '' : ` (95 % interval of the mean ${range(interval)})`;
  return html`<p>${overFolds}${within}; out of fold, ${report.answer}</p>`;
}

export function resultSection({ run, report }: RunStory): Html {
  const { metrics, experiment } = run;
  const monitor = experiment.training.best_model.monitor;
  const chosen = metrics.cv[monitor.replace(/^val\//, '')];
  return html`<div class="tiles">
${tile(metric(chosen?.mean), metrics.folds.length === 1 ? `${monitor}, on the one fold that was trained` : `${monitor}, mean over folds`)}
${report.tiles.map((each) => html`${each}
`)}</div>
${foldTable(run)}
<p class="muted small">${aboutSeeds(metrics)}${aboutIntervals(metrics.folds.length, report.interval)}${OPTIMISTIC}${
    metrics.baseline !== undefined && ` ${BASELINE}`
  }${metrics.test !== undefined && ` ${OF_TEST}`}</p>`;
}

const OPTIMISTIC =
  'A fold’s best epoch is chosen on the rows that it is measured on, so that all of this is a little better than new texts will show.';

/** What a fold's figures are of where it was trained with several seeds. */
function aboutSeeds({ seeds = [] }: EvaluatedRun['metrics']): string {
  if (seeds.length === 0) return '';
  return `Each fold was trained with ${plural(seeds.length, 'seed')}; its metrics are those of their averaged predictions. `;
}

const BASELINE =
  'The baseline is a linear model on TF-IDF of words and pairs of words, learned and judged out of fold on the same folds.';

/** Whose the intervals on the page are, as sentences with a space behind them; empty where there are none. */
function aboutIntervals(folds: number, interval: RunStory['report']['interval']): string {
  const own = interval === null ? '' : `, and ${interval.whose} for ${interval.of}`;
  if (folds > 1) return `${OVER_FOLDS}${own}. `;
  return interval === null ? '' : `The interval of ${interval.of} is ${interval.whose}. `;
}

const OF_TEST = 'The intervals of the rows to predict are by the bootstrap over rows: what other rows of the same kind would give.';

const OVER_FOLDS =
  '± is the standard deviation over the folds. The intervals are Nadeau and Bengio’s for folds that share their training rows';

/** Each fold's curves, what became of it, and the decisions on its way. */
export function learningSection({ run, journal }: RunStory, show: Show): Html {
  const trainedElsewhere = journal.jobs.filter(({ stage, seconds }) => stage === 'train' && seconds === null);
  const models = modelHistories(run.metrics.folds);
  const elsewhere =
    `${plural(trainedElsewhere.length, unitOf(models))} had been trained by an earlier run, ` +
    'whose journal holds the decisions and the rate of each step.';
  const figures =
    models.length > MOST_FOLD_FIGURES
      ? figure(show('learning-folds'), foldsCaption(models))
      : foldFigures(models, (model) => storyOf(model, journal.jobs), show);
  return html`${figures}
${trainedElsewhere.length > 0 && html`<p class="muted small">${elsewhere}</p>`}`;
}

/** What there is one of each curve of. */
function unitOf(models: readonly TrainedHistory[]): 'fold' | 'model' {
  return models.some(({ seed }) => seed !== undefined) ? 'model' : 'fold';
}

function foldFigures(folds: readonly TrainedHistory[], storyOfFold: (fold: TrainedHistory) => JobStory | undefined, show: Show): Html {
  const scales = folds.length > 1 ? ` All ${unitOf(folds)}s share the scales of loss and metric.` : '';
  return html`<p class="muted small">The dashed line marks the epoch whose model was kept.${scales}</p>
<div class="figures">
${folds.map((fold) => figure(show(`learning-${modelName(fold)}`), foldCaption(fold, storyOfFold(fold))))}
</div>`;
}

export function textsSection({ run, texts, lengths }: RunStory, show: Show): Html {
  if ('missing' in texts) return html`<p>${texts.missing}</p>`;
  if (lengths === undefined) return html`<p>No model with its tokenizer is left in the folder, so tokens cannot be counted.</p>`;
  const cut = run.experiment.model.max_seq_length;
  const sorted = lengths.lengths.toSorted();
  if (sorted.length === 0) throw new Error('a run has no texts');
  const over = sorted.filter((length) => length > cut).length;
  const median = valueAt(sorted, Math.floor(sorted.length / 2));
  const counted = sorted.length === lengths.rows ? '' : ` Counted on ${count(sorted.length)} of ${count(lengths.rows)} texts.`;
  const longer =
    over === 0
      ? `None is cut at ${cut}.`
      : `${plural(over, 'text')} (${percent(over / sorted.length)}) ${over === 1 ? 'is' : 'are'} cut at ${cut}.`;
  return figure(
    show('token-lengths'),
    `Half of the texts have up to ${plural(median, 'token')}, the longest has ${count(lastOf(sorted))}. ${longer}${counted}`,
  );
}

function foldInterval({ metrics, experiment }: EvaluatedRun, name: string): Interval | undefined {
  return resampledInterval(metrics.folds.map(({ best }) => figureIfMeasured(best, name)), validationPerTrainingRow(experiment.split));
}

function foldTable(run: EvaluatedRun): Html {
  const { folds, cv, oof, baseline, seeds = [], test, test_intervals: ofTest = {} } = run.metrics;
  const names = Object.keys(cv);
  const intervals = names.map((name) => foldInterval(run, `val/${name}`));
  return table(
    ['fold', 'best epoch', ...names],
    [
      ...folds.map((fold) => [
        String(fold.fold),
        bestEpochs(fold),
        ...names.map((name) => metric(fold.best[`val/${name}`])),
      ]),
      ['mean', '', ...names.map((name) => metric(cv[name]?.mean))],
      ...(folds.length < 2 ? [] : [['±', '', ...names.map((name) => metric(cv[name]?.sd))]]),
      ...(folds.length < 2
        ? []
        : [
            [
              '95 %',
              '',
              ...intervals.map((interval) => (interval === undefined ? '–' : `${interval.low.toFixed(3)}–${interval.high.toFixed(3)}`)),
            ],
          ]),
      ...seeds.map((own) => [`mean of seed ${own.seed} alone`, '', ...names.map((name) => metric(own.cv[name]?.mean))]),
      ['out of fold', '', ...names.map((name) => metric(oof[`oof/${name}`]))],
      ...(baseline === undefined ? [] : [['baseline', '', ...names.map((name) => metric(baseline[`baseline/oof/${name}`]))]]),
      ...(test === undefined
        ? []
        : [
            ['rows to predict', '', ...names.map((name) => metric(test[`test/${name}`]))],
            ['95 %', '', ...names.map((name) => rangeOf(ofTest[`test/${name}`]))],
          ]),
    ],
  );
}

function rangeOf(ends: readonly number[] | null | undefined): string {
  const [low, high] = ends ?? [];
  return low === undefined || high === undefined ? '–' : `${low.toFixed(3)}–${high.toFixed(3)}`;
}

function foldsCaption(folds: readonly TrainedHistory[]): string {
  const ends = [...new Set(folds.map(({ stopped }) => stopped))].map((stopped) => ({
    stopped,
    count: folds.filter((fold) => fold.stopped === stopped).length,
  }));
  const shown = ends
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MOST_ENDS)
    .map(({ stopped, count: of }) => `${plural(of, unitOf(folds))}: ${stopped}`);
  const isPoints = folds.every(({ epochs }) => epochs.length < 2);
  const marks = isPoints
    ? `A grey point is a ${unitOf(folds)}, the coloured one the mean`
    : `A grey line is a ${unitOf(folds)}, the coloured one the mean of those that have come so far`;
  return `${marks}. ${shown.join('; ')}${ends.length > MOST_ENDS ? '; …' : '.'}`;
}

/** Reasons for which folds ended; sentences with numbers in them may all differ. */
const MOST_ENDS = 5;

function foldCaption(fold: TrainedHistory, story: JobStory | undefined): Html {
  // Kept models and reduced rates are to be seen in the curves.
  const decisions = (story?.decisions ?? []).filter(({ kind }) => kind !== 'best-model' && kind !== 'patience' && kind !== 'rate-reduced');
  const lines = decisions.map(({ epoch, message }) => html`<br>Epoch ${epoch}: ${message}.`);
  const inWords = modelInWords(fold);
  const name = `${inWords.charAt(0).toUpperCase()}${inWords.slice(1)}`;
  return html`${name}: best epoch ${fold.best_epoch} of ${fold.epochs.length}; ${fold.stopped}.${lines}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

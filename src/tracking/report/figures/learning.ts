import type { Experiment } from '../../../config/index.ts';
import { metric } from '../../../core/text.ts';
import { modelInWords, modelName } from '../../../core/model-name.ts';
import type { TrainedHistory } from '../../run-metrics.ts';
import type { Figure, Spec } from '../../../core/page/figure.ts';
import type { JobStory } from '../run/journal-story.ts';
import { blue, green, muted, orange, red } from '../../../core/page/palette.ts';

const WIDTH = 290;
/** Room for the numbers on the left, so that the panels of a figure stand flush. */
const LEFT = 44;
/** Beside the panel's title. */
const LEGEND = { title: null, orient: 'none', legendX: WIDTH - 130, legendY: -20, direction: 'horizontal' };

/** Loss, the metric that chose the best epoch, and the learning rate of each fold over its epochs; all folds on the same scales. */
export function learningFigures(
  folds: readonly TrainedHistory[],
  jobs: readonly JobStory[],
  { best_model: { monitor }, schedule }: Experiment['training'],
): readonly Figure[] {
  const epochs = Math.max(1, ...folds.flatMap((fold) => fold.epochs.map(({ epoch }) => epoch)));
  const loss = limits(folds.flatMap((fold) => ['train/loss', 'val/loss'].flatMap((name) => points(fold, name).map(({ value }) => value))));
  const chosen = limits(folds.flatMap((fold) => points(fold, monitor).map(({ value }) => value)));
  const highest = folds.flatMap((fold) => ratesOf(fold, storyOf(fold, jobs))).reduce((most, { lr }) => Math.max(most, lr), 0);
  // These change at the ends of epochs only, by factors.
  const isStepwise = schedule.name === 'constant' || schedule.name === 'reduce-on-plateau';
  return folds.map((fold): Figure => {
    const story = storyOf(fold, jobs);
    const panels = [
      lossPanel(fold, epochs, loss),
      ...(monitor === 'val/loss' ? [] : [metricPanel(fold, monitor, epochs, chosen)]),
      ratePanel(ratesOf(fold, story), highest, story, epochs, isStepwise),
    ];
    return {
      name: `learning-${modelName(fold)}`,
      title: `Learning curves of ${modelInWords(fold)}; best epoch ${fold.best_epoch} with ${monitor} ${metric(fold.best[monitor])}`,
      spec: { data: { values: [] }, vconcat: panels, spacing: 34, bounds: 'flush' },
    };
  });
}

/** More folds than these are laid over each other in one figure. */
export const MOST_FOLD_FIGURES = 12;

/** Validation loss and the metric that chose the best epoch, of all folds over each other, and their mean. */
export function foldsFigure(folds: readonly TrainedHistory[], monitor: string): Figure {
  const epochs = Math.max(1, ...folds.flatMap((fold) => fold.epochs.map(({ epoch }) => epoch)));
  const panel = (name: string, color: string, isLowest: boolean): Spec => {
    const values = folds.flatMap((fold) => points(fold, name).map((point) => ({ ...point, fold: modelName(fold) })));
    const y = vertical('value', limits(values.map(({ value }) => value)));
    return {
      width: WIDTH,
      height: 120,
      title: name,
      layer: [
        {
          data: { values },
          mark: { type: 'line', color: muted, strokeWidth: 0.8, opacity: 0.4, point: epochs < 2 },
          encoding: { x: overEpochs(epochs, isLowest), y, detail: { field: 'fold' } },
        },
        {
          data: { values },
          mark: { type: 'line', color, strokeWidth: 2.2, point: epochs < 2 },
          encoding: { x: overEpochs(epochs, isLowest), y: { ...y, aggregate: 'mean' } },
        },
      ],
    };
  };
  const names = [...new Set(['val/loss', monitor])];
  return {
    name: 'learning-folds',
    title: `Learning curves of ${folds.length} ${folds.some(({ seed }) => seed !== undefined) ? 'models' : 'folds'}`,
    spec: {
      data: { values: [] },
      spacing: 34,
      bounds: 'flush',
      vconcat: names.map((name, i) => panel(name, name === 'val/loss' ? orange : green, i === names.length - 1)),
    },
  };
}

type Limits = readonly [number, number];
type Rates = JobStory['rates'];

/** The training of a model, as the journal has it. */
export function storyOf(fold: TrainedHistory, jobs: readonly JobStory[]): JobStory | undefined {
  return jobs.find((job) => job.stage === 'train' && job.fold === fold.fold && job.seed === fold.seed);
}

/** More points than this are closer together than the pixels of the panel. */
const MOST_POINTS = 600;

/** The rate of each step, or of every n-th, where the journal has it, otherwise of each epoch's last step. */
function ratesOf(fold: TrainedHistory, story: JobStory | undefined): Rates {
  const every = Math.ceil((story?.rates.length ?? 0) / MOST_POINTS);
  const isKept = (at: number, of: number): boolean => at % every === 0 || at === of - 1;
  return story !== undefined && story.rates.length > 1
    ? story.rates.filter((_, i, all) => isKept(i, all.length))
    : fold.epochs.map(({ epoch, lr }) => ({ epoch, lr }));
}

function lossPanel(fold: TrainedHistory, epochs: number, domain: Limits): Spec {
  const values = [
    ...points(fold, 'train/loss').map((point) => ({ ...point, rows: 'train' })),
    ...points(fold, 'val/loss').map((point) => ({ ...point, rows: 'validation' })),
  ];
  return {
    width: WIDTH,
    height: 110,
    title: 'loss',
    layer: [
      bestRule(fold),
      {
        data: { values },
        mark: { type: 'line', point: true },
        encoding: {
          x: overEpochs(epochs, false),
          y: vertical('value', domain),
          color: { field: 'rows', type: 'nominal', scale: { domain: ['train', 'validation'], range: [blue, orange] }, legend: LEGEND },
        },
      },
    ],
  };
}

function metricPanel(fold: TrainedHistory, monitor: string, epochs: number, domain: Limits): Spec {
  const values = points(fold, monitor);
  const best = values
    .filter(({ epoch }) => epoch === fold.best_epoch)
    .map((point) => ({ ...point, label: `epoch ${point.epoch}: ${metric(point.value)}` }));
  // The label stands at the foot of the rule, on the side where there is more room.
  const align = fold.best_epoch > epochs / 2 ? 'right' : 'left';
  return {
    width: WIDTH,
    height: 80,
    title: monitor,
    layer: [
      bestRule(fold),
      {
        data: { values },
        mark: { type: 'line', point: { color: green }, color: green },
        encoding: { x: overEpochs(epochs, false), y: vertical('value', domain) },
      },
      {
        data: { values: best },
        mark: { type: 'point', size: 90, color: green, filled: true },
        encoding: { x: overEpochs(epochs, false), y: vertical('value', domain) },
      },
      {
        data: { values: best },
        mark: { type: 'text', align, dx: align === 'right' ? -6 : 6, y: 70 },
        encoding: { x: overEpochs(epochs, false), text: { field: 'label' } },
      },
    ],
  };
}

/** The learning rate; resets are marked. */
function ratePanel(rates: Rates, highest: number, story: JobStory | undefined, epochs: number, isStepwise: boolean): Spec {
  const resets = (story?.decisions ?? []).filter(({ kind }) => kind === 'rate-reset').map(({ epoch }) => ({ epoch, label: 'reset' }));
  const x = overEpochs(epochs, true);
  const scale = isStepwise && rates.every(({ lr }) => lr > 0) ? { type: 'log', domainMax: highest } : { domain: [0, highest] };
  return {
    width: WIDTH,
    height: 52,
    title: 'learning rate',
    layer: [
      { data: { values: resets }, mark: { type: 'rule', color: red, strokeDash: [2, 2] }, encoding: { x } },
      {
        data: { values: resets },
        mark: { type: 'text', align: 'right', dx: -3, y: -4, fontSize: 10, color: red },
        encoding: { x, text: { field: 'label' } },
      },
      {
        data: { values: rates },
        mark: {
          type: 'line',
          color: muted,
          point: rates.length < 2 ? { color: muted } : false,
          interpolate: isStepwise ? 'step-before' : 'linear',
        },
        encoding: {
          x,
          y: {
            field: 'lr',
            type: 'quantitative',
            title: null,
            scale,
            axis: { format: '~g', tickCount: 2, minExtent: LEFT, maxExtent: LEFT },
          },
        },
      },
    ],
  };
}

function bestRule({ best_epoch }: TrainedHistory): Spec {
  return {
    data: { values: [{ epoch: best_epoch }] },
    mark: { type: 'rule', color: muted, strokeDash: [3, 3], opacity: 0.7 },
    encoding: { x: { field: 'epoch', type: 'quantitative' } },
  };
}

function overEpochs(epochs: number, isLowest: boolean): Spec {
  const axis = isLowest ? { title: 'epoch', tickMinStep: 1, format: 'd' } : { title: null, tickMinStep: 1, labels: false };
  return { field: 'epoch', type: 'quantitative', scale: { domain: [0, epochs], nice: false }, axis };
}

function vertical(field: string, domain: Limits): Spec {
  return { field, type: 'quantitative', title: null, scale: { domain, zero: false }, axis: { minExtent: LEFT, maxExtent: LEFT } };
}

function points({ epochs }: TrainedHistory, name: string): readonly { readonly epoch: number; readonly value: number }[] {
  return epochs.flatMap(({ epoch, metrics }) => {
    const value = metrics[name];
    return typeof value === 'number' && Number.isFinite(value) ? [{ epoch, value }] : [];
  });
}

/** The values' limits with a little air, apart from each other even where all are equal. */
function limits(values: readonly number[]): Limits {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const air = Math.max(0.04 * (high - low), 1e-3);
  return [low - air, high + air];
}

import { metric } from '../../../core/text.ts';
import type { FoldHistory } from '../../run-files.ts';
import type { Figure, Spec } from '../figure.ts';
import type { TaskStory } from '../journal-story.ts';
import { blue, green, muted, orange, red } from '../palette.ts';

const WIDTH = 290;
/** Room for the numbers on the left, so that the panels of a figure stand flush. */
const LEFT = 44;

/** Loss, the metric that chose the best epoch, and the learning rate of each fold over its epochs; all folds on the same scales. */
export function learningFigures(folds: readonly FoldHistory[], tasks: readonly TaskStory[], monitor: string): readonly Figure[] {
  const epochs = Math.max(1, ...folds.flatMap((fold) => fold.epochs.map(({ epoch }) => epoch)));
  const loss = limits(folds.flatMap((fold) => ['train/loss', 'val/loss'].flatMap((name) => points(fold, name).map(({ value }) => value))));
  const chosen = limits(folds.flatMap((fold) => points(fold, monitor).map(({ value }) => value)));
  return folds.map((fold): Figure => {
    const story = tasks.find(({ stage, fold: of }) => stage === 'train' && of === fold.fold);
    const panels = [
      lossPanel(fold, epochs, loss),
      ...(monitor === 'val/loss' ? [] : [metricPanel(fold, monitor, epochs, chosen)]),
      ratePanel(fold, story, epochs),
    ];
    return {
      name: `learning-fold-${fold.fold}`,
      title: `Learning curves of fold ${fold.fold}; best epoch ${fold.best_epoch} with ${monitor} ${metric(fold.best[monitor])}`,
      spec: { data: { values: [] }, vconcat: panels, spacing: 14, bounds: 'flush' },
    };
  });
}

type Limits = readonly [number, number];

function lossPanel(fold: FoldHistory, epochs: number, domain: Limits): Spec {
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
          color: { field: 'rows', type: 'nominal', scale: { domain: ['train', 'validation'], range: [blue, orange] }, legend: { title: null, orient: 'top-right', direction: 'vertical' } },
        },
      },
    ],
  };
}

function metricPanel(fold: FoldHistory, monitor: string, epochs: number, domain: Limits): Spec {
  const values = points(fold, monitor);
  const best = values.filter(({ epoch }) => epoch === fold.best_epoch).map((point) => ({ ...point, label: `epoch ${point.epoch}: ${metric(point.value)}` }));
  // The label stands on the side where there is more room.
  const align = fold.best_epoch > epochs / 2 ? 'right' : 'left';
  return {
    width: WIDTH,
    height: 80,
    title: monitor,
    layer: [
      bestRule(fold),
      { data: { values }, mark: { type: 'line', point: { color: green }, color: green }, encoding: { x: overEpochs(epochs, false), y: vertical('value', domain) } },
      { data: { values: best }, mark: { type: 'point', size: 90, color: green, filled: true }, encoding: { x: overEpochs(epochs, false), y: vertical('value', domain) } },
      {
        data: { values: best },
        mark: { type: 'text', align, dx: align === 'right' ? -8 : 8, dy: 14 },
        encoding: { x: overEpochs(epochs, false), y: vertical('value', domain), text: { field: 'label' } },
      },
    ],
  };
}

const MARKED = { 'rate-reset': { label: 'reset', color: red }, 'rate-reduced': { label: 'reduced', color: muted } };

/** The rate of each step where the journal has it, otherwise of each epoch's last step. */
function ratePanel(fold: FoldHistory, story: TaskStory | undefined, epochs: number): Spec {
  const rates = story !== undefined && story.rates.length > 1 ? story.rates : fold.epochs.map(({ epoch, lr }) => ({ epoch, lr }));
  const marks = (story?.decisions ?? []).flatMap(({ epoch, kind }) => (kind === 'rate-reset' || kind === 'rate-reduced' ? [{ epoch, ...MARKED[kind] }] : []));
  const colored = { field: 'color', type: 'nominal', scale: null };
  return {
    width: WIDTH,
    height: 52,
    title: 'learning rate',
    layer: [
      { data: { values: marks }, mark: { type: 'rule', strokeDash: [2, 2] }, encoding: { x: overEpochs(epochs, true), color: colored } },
      { data: { values: marks }, mark: { type: 'text', align: 'left', dx: 3, y: 4, fontSize: 10 }, encoding: { x: overEpochs(epochs, true), text: { field: 'label' }, color: colored } },
      {
        data: { values: rates },
        mark: { type: 'line', color: muted, point: rates.length < 2 ? { color: muted } : false },
        encoding: { x: overEpochs(epochs, true), y: { field: 'lr', type: 'quantitative', title: null, axis: { format: '.1~e', tickCount: 2, minExtent: LEFT, maxExtent: LEFT } } },
      },
    ],
  };
}

function bestRule({ best_epoch }: FoldHistory): Spec {
  return { data: { values: [{ epoch: best_epoch }] }, mark: { type: 'rule', color: muted, strokeDash: [3, 3], opacity: 0.7 }, encoding: { x: { field: 'epoch', type: 'quantitative' } } };
}

function overEpochs(epochs: number, isLowest: boolean): Spec {
  const axis = isLowest ? { title: 'epoch', tickMinStep: 1, format: 'd' } : { title: null, tickMinStep: 1, labels: false };
  return { field: 'epoch', type: 'quantitative', scale: { domain: [0, epochs], nice: false }, axis };
}

function vertical(field: string, domain: Limits): Spec {
  return { field, type: 'quantitative', title: null, scale: { domain, zero: false }, axis: { minExtent: LEFT, maxExtent: LEFT } };
}

function points({ epochs }: FoldHistory, name: string): readonly { readonly epoch: number; readonly value: number }[] {
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

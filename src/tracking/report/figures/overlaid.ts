import type { RunMetrics } from '../../run-metrics.ts';
import type { Figure, Spec } from '../../../core/page/figure.ts';
import { blue, muted, orange, series } from '../../../core/page/palette.ts';

/** A run under its short name, the best first. */
export interface Drawn {
  readonly label: string;
  readonly metrics: RunMetrics;
  readonly score: number;
  /** Seconds of all its epochs. */
  readonly seconds: number;
}

const WIDTH = 310;
const HEIGHT = 230;
/** More lines than these cannot be told apart by colour; the others are grey. */
export const MOST_COLOURS = 5;

export interface Curve {
  readonly epoch: number;
  /** Mean over the folds that have come so far. */
  readonly value: number;
}

/** A metric over the epochs, as the mean over the folds. */
export function meanCurve({ folds }: RunMetrics, metric: string): readonly Curve[] {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const { epochs } of folds) {
    for (const { epoch, metrics } of epochs) {
      const value = metrics[metric];
      if (typeof value !== 'number' || !Number.isFinite(value)) continue;
      const { sum, count } = sums.get(epoch) ?? { sum: 0, count: 0 };
      sums.set(epoch, { sum: sum + value, count: count + 1 });
    }
  }
  return [...sums].sort(([a], [b]) => a - b).map(([epoch, { sum, count }]) => ({ epoch, value: sum / count }));
}

/** Every run's curve over the epochs, laid over each other: the best ones in colour, all others grey behind them. */
export function curvesFigure(runs: readonly Drawn[], metric: string): Figure {
  const curves = runs.map(({ label, metrics }) => ({ label, points: meanCurve(metrics, metric) }));
  const coloured = curves.slice(0, MOST_COLOURS);
  const values = (of: typeof curves): readonly object[] => of.flatMap(({ label, points }) => points.map((point) => ({ label, ...point })));
  const labels = coloured.map(({ label }) => label);
  const encoding = {
    x: { field: 'epoch', type: 'quantitative', title: 'epoch', scale: { nice: false, padding: 6 }, axis: { tickMinStep: 1, format: 'd' } },
    y: { field: 'value', type: 'quantitative', title: null, scale: { zero: false } },
  };
  const isPoint = curves.some(({ points }) => points.length === 1);
  const color = {
    field: 'label',
    type: 'nominal',
    scale: { domain: labels, range: [orange, blue, ...series.slice(2)].slice(0, labels.length) },
    legend: { title: null, orient: 'bottom', columns: labels.join('').length > 60 ? 1 : 2, labelLimit: 0, symbolType: 'stroke' },
  };
  const rest = curves.slice(MOST_COLOURS);
  return {
    name: 'curves',
    title: `${metric} of ${curves.length} runs over the epochs`,
    spec: {
      width: WIDTH,
      height: HEIGHT,
      title: `${metric}, mean over folds`,
      data: { values: [] },
      layer: [
        ...(rest.length === 0
          ? []
          : [
              {
                data: { values: values(rest) },
                mark: {
                  type: 'line',
                  color: muted,
                  strokeWidth: 0.9,
                  opacity: 0.45,
                  ...(isPoint ? { point: { color: muted, size: 16 } } : {}),
                },
                encoding: { ...encoding, detail: { field: 'label' } },
              },
            ]),
        // The best comes last, on top.
        {
          data: { values: values(coloured.toReversed()) },
          mark: { type: 'line', strokeWidth: 1.9, point: isPoint },
          encoding: { ...encoding, color },
        },
      ],
    },
  };
}

/** The score over the time of training: what stands high and on the left is cheap and good. */
export function costFigure(runs: readonly Drawn[], metric: string): Figure {
  const [unit, seconds] = unitOf(Math.max(...runs.map((run) => run.seconds)));
  const values = runs
    .map(({ label, score, seconds: took }, place) => ({ label, score, took: took / seconds, color: place === 0 ? orange : blue }))
    .toReversed();
  const spec: Spec = {
    width: WIDTH,
    height: HEIGHT,
    title: metric,
    data: { values },
    mark: { type: 'point', size: 46, opacity: 0.75 },
    encoding: {
      x: {
        field: 'took',
        type: 'quantitative',
        title: `${unit} of training, all folds`,
        scale: { zero: false, padding: 8 },
        axis: { tickCount: 5 },
      },
      y: { field: 'score', type: 'quantitative', title: null, scale: { zero: false } },
      color: { field: 'color', type: 'nominal', scale: null },
    },
  };
  return { name: 'cost', title: `${metric} of ${runs.length} runs over their time of training`, spec };
}

function unitOf(longest: number): readonly [string, number] {
  return longest > 2 * 3600 ? ['hours', 3600] : longest > 120 ? ['minutes', 60] : ['seconds', 1];
}

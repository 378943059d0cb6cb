import type { Figure, Spec } from '../../../core/page/figure.ts';
import { blue, muted, orange } from '../../../core/page/palette.ts';
import { valueAt } from '../../../core/values.ts';
import type { JudgedColumn } from './judged-numbers.ts';

const [WIDTH, HEIGHT] = [300, 240];
/** More points than these lie upon each other; every n-th row is drawn then. */
const MOST_POINTS = 3_000;
const RESIDUAL_BARS = 30;

/** Names of a column's figures; of one column there is no number in them. */
export function figureNames(column: number, columns: number): { readonly predicted: string; readonly residuals: string } {
  const end = columns === 1 ? '' : `-${column + 1}`;
  return { predicted: `predicted-against-true${end}`, residuals: `residuals${end}` };
}

/** A point a row, predicted over true; on the diagonal a prediction is right. */
export function predictedFigure(name: string, { name: column, truth, predicted }: JudgedColumn): Figure {
  const every = Math.ceil(truth.length / MOST_POINTS);
  const points = Array.from(truth, (y, i) => ({ y, p: valueAt(predicted, i) })).filter((_, i) => i % every === 0);
  const [low, high] = rangeOf([...truth, ...predicted]);
  const axis = (field: string, title: string): Spec => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain: [low, high], zero: false },
    axis: { tickCount: 5, format: '.6~g' },
  });
  return {
    name,
    title: `Predicted over true ${column}`,
    spec: {
      width: WIDTH,
      height: HEIGHT,
      layer: [
        {
          data: { values: [{ y: low, p: low }, { y: high, p: high }] },
          mark: { type: 'line', color: muted, strokeWidth: 1, strokeDash: [4, 3], opacity: 0.6 },
          encoding: { x: axis('y', `true ${column}`), y: axis('p', 'predicted') },
        },
        {
          data: { values: points },
          mark: { type: 'point', size: points.length > 500 ? 8 : 20, color: blue, opacity: points.length > 500 ? 0.35 : 0.6 },
          encoding: { x: axis('y', `true ${column}`), y: axis('p', 'predicted') },
        },
      ],
    },
  };
}

/** How many rows are so much too high or too low; the mean is marked. */
export function residualFigure(name: string, { name: column, truth, predicted }: JudgedColumn): Figure {
  const residuals = Array.from(truth, (y, i) => valueAt(predicted, i) - y);
  const [least, most] = rangeOf(residuals);
  const step = roundStep((most - least) / RESIDUAL_BARS);
  const low = Math.floor(least / step) * step;
  const rows = new Int32Array(Math.floor((most - low) / step) + 1);
  for (const residual of residuals) rows[Math.floor((residual - low) / step)]!++;
  const mean = residuals.reduce((sum, residual) => sum + residual, 0) / residuals.length;
  const bars = Array.from(rows, (count, i) => ({ low: low + i * step, high: low + (i + 1) * step, rows: count }));
  return {
    name,
    title: `Residuals of ${column}`,
    spec: {
      width: WIDTH,
      height: HEIGHT,
      layer: [
        {
          data: { values: bars },
          mark: { type: 'bar', color: blue, opacity: 0.75 },
          encoding: {
            x: {
              field: 'low',
              type: 'quantitative',
              title: `predicted − true ${column}`,
              bin: { binned: true, step },
              axis: { tickCount: 5, grid: false, format: '.6~g' },
            },
            x2: { field: 'high' },
            y: { field: 'rows', type: 'quantitative', title: 'rows' },
          },
        },
        {
          data: { values: [{ mean }] },
          mark: { type: 'rule', color: orange, strokeWidth: 1.5 },
          encoding: { x: { field: 'mean', type: 'quantitative' } },
        },
      ],
    },
  };
}

/** The next larger of 1, 2, 5, 10, 20, … times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((digit) => digit * power >= least) ?? 10);
}

/** Never empty, so that a scale can be made of it. */
function rangeOf(values: readonly number[]): readonly [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low < high) return [low, high];
  const reach = low === 0 || !Number.isFinite(low) ? 1 : Math.abs(low) / 2;
  return Number.isFinite(low) ? [low - reach, low + reach] : [-1, 1];
}

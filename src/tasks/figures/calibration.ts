import type { Figure, Spec } from '../../core/page/figure.ts';
import { blue, muted } from '../../core/page/palette.ts';
import type { CalibrationBin } from '../metrics/curves.ts';

/** What is predicted with which probability, and how often it comes true. */
export interface Calibration {
  /** Whose probability it is. */
  readonly of: string;
  readonly bins: readonly CalibrationBin[];
}

/** Bins of a tenth, as most reports have them. */
export const CALIBRATION_BINS = 10;

/** Observed over predicted share; on the diagonal a probability means what it says. Below, how many rows each bin holds. */
export function calibrationFigure({ of, bins }: Calibration): Figure {
  const x = (title: string | null): Spec => ({
    field: 'meanPredicted',
    type: 'quantitative',
    title,
    scale: { domain: [0, 1] },
    axis: { tickCount: 5, ...(title === null ? { labels: false } : {}) },
  });
  const y = {
    field: 'observed',
    type: 'quantitative',
    title: 'came true',
    scale: { domain: [0, 1] },
    axis: { tickCount: 5, minExtent: 34 },
  };
  const spec = {
    data: { values: bins },
    spacing: 12,
    bounds: 'flush',
    vconcat: [
      {
        width: 260,
        height: 196,
        layer: [
          {
            data: {
              values: [
                { meanPredicted: 0, observed: 0 },
                { meanPredicted: 1, observed: 1 },
              ],
            },
            mark: { type: 'line', color: muted, strokeWidth: 1, strokeDash: [4, 3], opacity: 0.6 },
            encoding: { x: x(null), y },
          },
          { mark: { type: 'line', point: { size: 44, color: blue } }, encoding: { x: x(null), y } },
        ],
      },
      {
        width: 260,
        height: 44,
        mark: { type: 'bar', color: muted, opacity: 0.55 },
        encoding: {
          x: {
            field: 'low',
            type: 'quantitative',
            title: of,
            bin: { binned: true, step: 1 / CALIBRATION_BINS },
            scale: { domain: [0, 1] },
            axis: { tickCount: 5, grid: false },
          },
          x2: { field: 'high' },
          y: { field: 'rows', type: 'quantitative', title: 'rows', axis: { tickCount: 2, minExtent: 34 } },
        },
      },
    ],
  };
  return { name: 'calibration', title: 'Observed share over predicted probability of the out-of-fold predictions', spec: spec };
}

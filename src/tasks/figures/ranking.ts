import { valueAt } from '../../core/values.ts';
import type { Figure, Spec } from '../../core/page/figure.ts';
import { blue, green, ink, muted, orange } from '../../core/page/palette.ts';
import { thresholdCurve, type ThresholdPoint } from '../metrics/curves.ts';

/** The rows of one class or label against all others, by its probability. */
export interface Ranking {
  readonly name: string;
  readonly positive: Int32Array;
  readonly scores: Float64Array;
}

const SIDE = 260;
/** A curve's points are at least this far apart, so that a page of many rows stays small. */
const STEP = 0.003;

/** True against false positive rate: of all rows, and thin, of each fold. */
export function rocFigure(all: readonly Ranking[], folds: Int32Array): Figure {
  const values = all.flatMap(({ name, positive, scores }) => rocPoints(positive, scores).map((point, i) => ({ ...point, i, name })));
  return {
    name: 'roc',
    title: 'Receiver operating characteristic of the out-of-fold predictions',
    spec: square([
      {
        data: {
          values: [
            { x: 0, y: 0 },
            { x: 1, y: 1 },
          ],
        },
        mark: { type: 'line', color: muted, strokeWidth: 1, strokeDash: [4, 3], opacity: 0.6 },
        encoding: at('false positive rate', 'true positive rate'),
      },
      ...ofFolds(all, folds, rocPoints, 'false positive rate', 'true positive rate'),
      curves(values, all, 'false positive rate', 'true positive rate'),
    ]),
  };
}

/** Precision against recall; the dashed line is what chance would reach. */
export function precisionRecallFigure(all: readonly Ranking[], folds: Int32Array): Figure {
  const values = all.flatMap(({ name, positive, scores }) =>
    precisionRecallPoints(positive, scores).map((point, i) => ({ ...point, i, name })),
  );
  const [only] = all;
  const share = only === undefined || all.length > 1 ? [] : [{ y: only.positive.reduce((sum, x) => sum + x, 0) / only.positive.length }];
  return {
    name: 'precision-recall',
    title: 'Precision against recall of the out-of-fold predictions',
    spec: square([
      {
        data: { values: share },
        mark: { type: 'rule', color: muted, strokeWidth: 1, strokeDash: [4, 3], opacity: 0.6 },
        encoding: { y: { field: 'y', type: 'quantitative' } },
      },
      ...ofFolds(all, folds, precisionRecallPoints, 'recall', 'precision'),
      curves(values, all, 'recall', 'precision'),
    ]),
  };
}

/** F1, precision and recall of the second class over the probability from which on a row is called so. */
export function thresholdFigure({ name, positive, scores }: Ranking): Figure {
  const points = thresholdCurve(positive, scores);
  const kept = thinned(points.map(({ threshold, f1, precision, recall }) => ({ x: threshold, y: f1, precision, recall })));
  const values = kept.flatMap(({ x, y, precision, recall }) => [
    { x, y, measure: 'F1' },
    { x, y: precision, measure: 'precision' },
    { x, y: recall, measure: 'recall' },
  ]);
  const best = bestThreshold(points);
  const top = best === undefined ? [] : [{ x: best.threshold, y: best.f1, label: `${best.f1.toFixed(3)} at ${best.threshold.toFixed(2)}` }];
  const along = at('threshold', 'score');
  // The label leans away from the line at one half, unless it would leave the figure.
  const from = (best?.threshold ?? 0) - 0.5;
  const align = from >= 0 === Math.abs(from) < 0.22 ? 'left' : 'right';
  return {
    name: 'threshold',
    title: `F1, precision and recall of class ${name} over the threshold`,
    spec: square([
      {
        data: { values: [{ x: 0.5 }] },
        mark: { type: 'rule', color: muted, strokeDash: [3, 3], strokeWidth: 1 },
        encoding: { x: { field: 'x', type: 'quantitative' } },
      },
      {
        data: { values },
        mark: { type: 'line' },
        encoding: {
          ...along,
          color: {
            field: 'measure',
            type: 'nominal',
            scale: { domain: ['F1', 'precision', 'recall'], range: [blue, orange, green] },
            legend: { title: null },
          },
          strokeWidth: { condition: { test: "datum.measure === 'F1'", value: 2 }, value: 1.1 },
        },
      },
      { data: { values: top }, mark: { type: 'point', size: 80, color: blue, filled: true }, encoding: along },
      {
        data: { values: top },
        mark: { type: 'text', align, dx: align === 'right' ? -6 : 6, dy: 16, color: ink },
        encoding: { ...along, text: { field: 'label' } },
      },
    ]),
  };
}

/** The threshold with the highest F1, the highest of equal ones. */
export function bestThreshold(points: readonly ThresholdPoint[]): ThresholdPoint | undefined {
  return points.reduce<ThresholdPoint | undefined>((best, point) => (best === undefined || point.f1 > best.f1 ? point : best), undefined);
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export function rocPoints(positive: ArrayLike<number>, scores: ArrayLike<number>): readonly Point[] {
  return thinned([
    { x: 0, y: 0 },
    ...thresholdCurve(positive, scores).map(({ falsePositiveRate, recall }) => ({ x: falsePositiveRate, y: recall })),
  ]);
}

export function precisionRecallPoints(positive: ArrayLike<number>, scores: ArrayLike<number>): readonly Point[] {
  return thinned(thresholdCurve(positive, scores).map(({ recall, precision }) => ({ x: recall, y: precision })));
}

/** Leaves out points that lie within a step of the last one kept. */
function thinned<P extends Point>(points: readonly P[]): readonly P[] {
  const kept: P[] = [];
  points.forEach((point, i) => {
    const last = kept.at(-1);
    const isFar = last === undefined || Math.abs(point.x - last.x) + Math.abs(point.y - last.y) >= STEP;
    if (isFar || i === points.length - 1) kept.push(point);
  });
  return kept;
}

/** Each fold's own curve, where there is one class to rank; with more they would hide each other. */
function ofFolds(
  all: readonly Ranking[],
  folds: Int32Array,
  pointsOf: (positive: ArrayLike<number>, scores: ArrayLike<number>) => readonly Point[],
  x: string,
  y: string,
): readonly Spec[] {
  const [only] = all;
  const numbers = [...new Set(folds)];
  if (only === undefined || all.length > 1 || numbers.length < 2) return [];
  const values = numbers.flatMap((fold) => {
    const rows = [...folds.keys()].filter((row) => folds[row] === fold);
    return pointsOf(
      rows.map((row) => valueAt(only.positive, row)),
      rows.map((row) => valueAt(only.scores, row)),
    ).map((point, i) => ({ ...point, i, fold }));
  });
  return [
    {
      data: { values },
      mark: { type: 'line', color: muted, strokeWidth: 0.8, opacity: 0.55 },
      encoding: { ...at(x, y), order: { field: 'i' }, detail: { field: 'fold' } },
    },
  ];
}

function curves(values: readonly Spec[], all: readonly Ranking[], x: string, y: string): Spec {
  const color =
    all.length < 2
      ? {}
      : {
          color: { field: 'name', type: 'nominal', sort: all.map(({ name }) => name), legend: { title: null, columns: 3, labelLimit: 80 } },
        };
  return { data: { values }, mark: { type: 'line' }, encoding: { ...at(x, y), order: { field: 'i' }, ...color } };
}

function at(x: string, y: string): Spec {
  const scale = { domain: [0, 1] };
  return {
    x: { field: 'x', type: 'quantitative', title: x, scale, axis: { tickCount: 5 } },
    y: { field: 'y', type: 'quantitative', title: y, scale, axis: { tickCount: 5 } },
  };
}

function square(layer: readonly Spec[]): Spec {
  return { data: { values: [] }, width: SIDE, height: SIDE, layer };
}

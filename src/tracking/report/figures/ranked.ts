import { shownValue } from '../../../config/index.ts';
import type { Interval } from '../../../data/statistics/index.ts';
import type { Figure, Spec } from '../../../core/page/figure.ts';
import type { PlacedRun } from '../comparison/placed-runs.ts';
import { shortLabels } from '../labels.ts';
import { blue, muted, orange } from '../../../core/page/palette.ts';
import { figureIfMeasured } from '../../../core/measures.ts';

/** More points of folds than these make a cloud of every line. */
const MOST_FOLD_POINTS = 600;

/** Whether the ranking has room for the score of each fold. */
export function hasFoldPoints(runs: readonly PlacedRun[]): boolean {
  const points = runs.reduce((sum, { metrics }) => sum + (metrics?.folds.length ?? 0), 0);
  return points > runs.length && points <= MOST_FOLD_POINTS;
}

/** Runs under each other, the best first: the score, where it is a mean with its 95 % interval, and the folds as small points. */
export function rankingFigure(runs: readonly PlacedRun[], metric: string, perFold: string): Figure {
  const all = runs.map(({ label, place, score, metrics }) => ({
    name: `${place ?? ''} · ${label}`,
    value: score?.value ?? NaN,
    interval: score?.interval ?? null,
    scores: hasFoldPoints(runs) ? (metrics?.folds ?? []).map(({ best }) => figureIfMeasured(best, perFold)).filter(Number.isFinite) : [],
  }));
  const y = {
    field: 'name',
    type: 'nominal',
    sort: null,
    scale: { domain: all.map(({ name }) => name) },
    title: null,
    axis: { labelLimit: 0, ticks: false, domain: false, labelPadding: 8 },
  };
  const x = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: metric,
    scale: { zero: false, domain: within(all) },
    axis: { grid: true, tickCount: 4 },
  });
  const means = all.map(({ name, value, interval }, place) => ({
    name,
    value,
    low: interval?.low ?? value,
    high: interval?.high ?? value,
    color: place === 0 ? orange : blue,
  }));
  const color = { field: 'color', type: 'nominal', scale: null };
  return {
    name: 'ranking',
    title: `${metric} of ${runs.length} runs, the best first`,
    spec: {
      width: 200,
      height: { step: all.length > 12 ? 18 : 26 },
      data: { values: [] },
      layer: [
        {
          data: { values: all.flatMap(({ name, scores }) => scores.map((score) => ({ name, score }))) },
          mark: { type: 'point', size: 14, color: muted, opacity: 0.6 },
          encoding: { y, x: x('score') },
        },
        {
          data: { values: means },
          mark: { type: 'rule', strokeWidth: 2, clip: true },
          encoding: { y, x: x('low'), x2: { field: 'high' }, color },
        },
        { data: { values: means }, mark: { type: 'point', size: 70 }, encoding: { y, x: x('value'), color } },
      ],
    },
  };
}

/** A parameter's value in each run beside the run's result. */
export interface Tried {
  readonly value: unknown;
  readonly score: number;
}

/** The result over one parameter: a point a run, the best one in another colour. */
export function parameterFigure(path: string, tried: readonly Tried[], metric: string, best: number): Figure {
  // The best come last, on top.
  const numbers = tried.every(({ value }) => typeof value === 'number');
  const labels = shortLabels(tried.map(({ value }) => shownValue(value)), LONGEST_VALUE);
  const points = tried.map(({ value, score }, i) => ({ value: numbers ? value : labels[i], score, color: score === best ? orange : blue }));
  const values = points.toSorted((a, b) => Number(a.score === best) - Number(b.score === best));
  return {
    name: `parameter-${path}`,
    title: `${metric} over ${path}`,
    spec: {
      width: 250,
      height: 150,
      data: { values },
      mark: { type: 'point', size: 46, opacity: 0.75 },
      encoding: {
        x: { field: 'value', title: path, ...along(points.map(({ value }) => value)) },
        y: { field: 'score', type: 'quantitative', title: null, scale: { zero: false } },
        color: { field: 'color', type: 'nominal', scale: null },
      },
    },
  };
}

/** Numbers on a scale, in powers where they span so much; all else side by side, in the order of their appearance. */
function along(values: readonly unknown[]): Spec {
  if (!values.every((value) => typeof value === 'number')) {
    const names = [...new Set(values.map(shownValue))];
    const isCrowded = names.length > 4 || names.some((name) => name.length > 60 / names.length);
    return {
      type: 'nominal',
      sort: names,
      scale: { type: 'point', padding: 0.5 },
      axis: { labelAngle: isCrowded ? -35 : 0, labelLimit: 0, domain: false },
    };
  }
  const numbers = values as readonly number[];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const isWide = low > 0 && high / low >= POWERS_FROM;
  const distinct = [...new Set(numbers)];
  // Where a few values were tried, these stand at the axis.
  const ticks = distinct.length <= FEW_VALUES ? { values: distinct } : { tickCount: 5 };
  return {
    type: 'quantitative',
    scale: isWide ? { type: 'log' } : { zero: false, padding: 8 },
    axis: { grid: false, format: '.5~g', labelOverlap: true, ...ticks },
  };
}

/** Characters that a value has room for below the axis. */
const LONGEST_VALUE = 22;

const FEW_VALUES = 6;

/** Two powers of ten would press the small values together. */
const POWERS_FROM = 50;

/** An interval of two or three folds may be wider than everything else; then it is cut off rather than all of the rest pressed together. */
function within(runs: readonly Ranked[]): readonly [number, number] {
  const scores = runs.flatMap(({ value, scores: ofFolds }) => [value, ...ofFolds]);
  const ends = runs.flatMap(({ interval }) => (interval === null ? [] : [interval.low, interval.high]));
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const room = Math.max(high - low, 1e-3);
  return [Math.max(low - room, Math.min(low - 0.04 * room, ...ends)), Math.min(high + room, Math.max(high + 0.04 * room, ...ends))];
}

interface Ranked {
  readonly value: number;
  readonly interval: Interval | null;
  readonly scores: readonly number[];
}

import { shownValue } from '../../../config/parameters.ts';
import type { ComparedValue } from '../../comparison/compare.ts';
import type { Figure, Spec } from '../figure.ts';
import { blue, muted, orange } from '../palette.ts';

/** A run's place among others, the best first. */
export interface RankedRun {
  readonly name: string;
  readonly mean: ComparedValue;
  /** Of each fold. */
  readonly scores: readonly number[];
}

/** All runs under each other: the mean with its 95 % interval, and the folds as small points. */
export function rankingFigure(runs: readonly RankedRun[], metric: string): Figure {
  const y = { field: 'name', type: 'nominal', sort: null, scale: { domain: runs.map(({ name }) => name) }, title: null, axis: { labelLimit: 220, ticks: false, domain: false, labelPadding: 8 } };
  const x = (field: string): Spec => ({ field, type: 'quantitative', title: `${metric}, mean over folds`, scale: { zero: false, domain: within(runs) }, axis: { grid: true, tickCount: 6 } });
  const means = runs.map(({ name, mean: { value, interval } }, place) => ({ name, value, low: interval?.low ?? value, high: interval?.high ?? value, color: place === 0 ? orange : blue }));
  const color = { field: 'color', type: 'nominal', scale: null };
  return {
    name: 'ranking',
    title: `${metric} of each run with its 95 % interval, the best first`,
    spec: {
      width: 330,
      height: { step: runs.length > 12 ? 20 : 28 },
      data: { values: [] },
      layer: [
        { data: { values: runs.flatMap(({ name, scores }) => scores.map((score) => ({ name, score }))) }, mark: { type: 'point', size: 14, color: muted, opacity: 0.6 }, encoding: { y, x: x('score') } },
        { data: { values: means }, mark: { type: 'rule', strokeWidth: 2, clip: true }, encoding: { y, x: x('low'), x2: { field: 'high' }, color } },
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
  const values = tried.toSorted((a, b) => Number(a.score === best) - Number(b.score === best)).map(({ value, score }) => ({ value: typeof value === 'number' ? value : shownValue(value), score, color: score === best ? orange : blue }));
  return {
    name: `parameter-${path}`,
    title: `${metric} over ${path}`,
    spec: {
      width: 250,
      height: 150,
      data: { values },
      mark: { type: 'point', size: 46, opacity: 0.75 },
      encoding: {
        x: { field: 'value', title: path, ...along(tried.map(({ value }) => value)) },
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
    return { type: 'nominal', sort: names, scale: { type: 'point', padding: 0.5 }, axis: { labelAngle: isCrowded ? -35 : 0, labelLimit: 110, domain: false } };
  }
  const numbers = values as readonly number[];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const isWide = low > 0 && high / low >= POWERS_FROM;
  const distinct = [...new Set(numbers)];
  // Where a few values were tried, these stand at the axis.
  const ticks = distinct.length <= FEW_VALUES ? { values: distinct } : { tickCount: 5 };
  return { type: 'quantitative', scale: isWide ? { type: 'log' } : { zero: false, padding: 8 }, axis: { grid: false, format: '.5~g', labelOverlap: true, ...ticks } };
}

const FEW_VALUES = 6;

/** Two powers of ten would press the small values together. */
const POWERS_FROM = 50;

/** An interval of two or three folds may be wider than everything else; then it is cut off rather than all of the rest pressed together. */
function within(runs: readonly RankedRun[]): readonly [number, number] {
  const scores = runs.flatMap(({ mean, scores: ofFolds }) => [mean.value, ...ofFolds]);
  const ends = runs.flatMap(({ mean: { interval } }) => (interval === null ? [] : [interval.low, interval.high]));
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const room = Math.max(high - low, 1e-3);
  return [Math.max(low - room, Math.min(low - 0.04 * room, ...ends)), Math.min(high + room, Math.max(high + 0.04 * room, ...ends))];
}

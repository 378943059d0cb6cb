import { inThreeDigits, type SearchDimension, type Sweep, type SweepMember } from '../../config/index.ts';
import { seedFor } from '../../core/random.ts';
import type { Dimension } from './parzen.ts';
import { candidates, type Observation } from './tpe.ts';

type Values = SweepMember['values'];

/** A trial that has ended, as the next suggestion sees it. */
export interface Ended {
  readonly values: Values;
  readonly state: 'complete' | 'pruned' | 'failed';
  /** NaN where it failed. */
  readonly score: number;
  /** How far a pruned trial came. */
  readonly step: number;
}

/**
 * The values of the next trial, which follow from the seed and the trials so far, so that a sweep which is resumed has the same ones;
 * undefined where all that it draws has been tried.
 */
export function suggest({ mode, search }: Sweep, ended: readonly Ended[]): Values | undefined {
  if (search === null) return undefined;
  const { space, seed } = search;
  const known = ended.flatMap(({ values, state, score, step }): readonly Observation[] => {
    if (state === 'failed' || Number.isNaN(score)) return [];
    return [{ point: space.map((dimension) => numberOf(dimension, values)), state, loss: mode === 'max' ? -score : score, step }];
  });
  const tried = new Set(ended.map(({ values }) => JSON.stringify(values)));
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    const drawn = candidates(space.map(dimensionOf), known, seedFor(seed, 'tpe', ended.length, attempt));
    const fresh = drawn.map((point) => valuesOf(space, point as readonly number[])).find((values) => !tried.has(JSON.stringify(values)));
    if (fresh !== undefined) return fresh;
  }
  return undefined;
}

/** Each draws 24 candidates. */
const MOST_ATTEMPTS = 50;

function dimensionOf(dimension: SearchDimension): Dimension {
  if ('items' in dimension) return { kind: 'choice', size: dimension.items.length };
  const { min, max, log, isWhole } = dimension;
  return { kind: 'number', low: min, high: max, log, step: isWhole ? 1 : null };
}

function numberOf(dimension: SearchDimension, values: Values): number {
  const value = values[dimension.path];
  if (!('items' in dimension)) return Number(value);
  return dimension.items.findIndex((item) => JSON.stringify(item) === JSON.stringify(value));
}

function valuesOf(space: readonly SearchDimension[], point: readonly number[]): Values {
  return Object.fromEntries(
    space.map((dimension, d) => {
      const drawn = point[d] ?? NaN;
      if ('items' in dimension) return [dimension.path, dimension.items[drawn] ?? null];
      const { min, max, isWhole } = dimension;
      // Three digits may round beyond the end of the range.
      return [dimension.path, Math.min(Math.max(isWhole ? Math.round(drawn) : inThreeDigits(drawn), min), max)];
    }),
  );
}

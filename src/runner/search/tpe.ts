import { RandomState } from '../../core/random.ts';
import { drawFrom, logDensityAt, parzen, type Dimension, type Parzen, type Point } from './parzen.ts';

/** A trial that TPE learns from. */
export interface Observation {
  readonly point: Point;
  /** `running`: taken for a bad one until it is known, so that those under way at the same time are not alike (constant liar). */
  readonly state: 'complete' | 'pruned' | 'running';
  /** The score; of a pruned trial that of its last step. Smaller is better. */
  readonly loss: number;
  /** Of a pruned trial, how far it came. */
  readonly step: number;
}

/** The best tenth of the trials, at most 25, against all others. Both in the order in time, as they were given. */
export function split(trials: readonly Observation[]): { readonly below: readonly number[]; readonly above: readonly number[] } {
  const finished = trials.flatMap(({ state }, i) => (state === 'running' ? [] : [i]));
  const ranked = finished.toSorted((a, b) => compare(trials[a] as Observation, trials[b] as Observation));
  const best = new Set(ranked.slice(0, Math.min(Math.ceil(GAMMA * finished.length), MOST_BELOW)));
  const all = trials.map((_, i) => i);
  return { below: all.filter((i) => best.has(i)), above: all.filter((i) => !best.has(i)) };
}

/** The two densities whose ratio says where to look next. */
export function densities(space: readonly Dimension[], trials: readonly Observation[]): { readonly l: Parzen; readonly g: Parzen } {
  const { below, above } = split(trials);
  const pointsOf = (which: readonly number[]): readonly Point[] => which.map((i) => (trials[i] as Observation).point);
  return { l: parzen(space, pointsOf(below)), g: parzen(space, pointsOf(above)) };
}

/**
 * Candidates for the next trial, the most promising first: draws from where good trials are dense, by the ratio of the densities there.
 *
 * @param active sets to null what a point does not have, where parameters depend on others
 */
export function candidates(
  space: readonly Dimension[],
  trials: readonly Observation[],
  seed: number,
  active: (point: readonly number[]) => Point = (point) => point,
): readonly Point[] {
  const { l, g } = densities(space, trials);
  const random = new RandomState(seed);
  const drawn = Array.from({ length: CANDIDATES }, () => active(drawFrom(l, random)));
  const scored = drawn.map((point) => ({ point, acquisition: logDensityAt(l, point) - logDensityAt(g, point) }));
  return scored.toSorted((a, b) => b.acquisition - a.acquisition).map(({ point }) => point);
}

/** Complete trials by their scores, then pruned ones, those that came further first. */
function compare(a: Observation, b: Observation): number {
  if (a.state !== b.state) return a.state === 'complete' ? -1 : 1;
  return (a.state === 'pruned' ? b.step - a.step : 0) || a.loss - b.loss;
}

const GAMMA = 0.1;
const MOST_BELOW = 25;
const CANDIDATES = 24;

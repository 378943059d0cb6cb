import type { Compared } from '../../comparison/compare.ts';
import { meanAndSd } from '../../../data/metrics.ts';
import type { Pair } from '../../comparison/pairing.ts';
import type { Figure, Spec } from '../figure.ts';
import { blue, muted } from '../palette.ts';

/** Each run's score on each fold. A line is one fold; where the lines run alike, the folds differ more than the models do. */
export function foldScoresFigure(runs: readonly Compared[], metric: string): Figure {
  const names = runs.map(({ name }) => name);
  const values = runs.flatMap(({ name, metrics }) => (metrics?.folds ?? []).map(({ fold, best }) => ({ run: name, fold, score: best[metric] ?? null })));
  const means = runs.map(({ name, metrics }) => ({ run: name, score: meanAndSd((metrics?.folds ?? []).map(({ best }) => best[metric] ?? NaN)).mean }));
  const encoding = {
    x: { field: 'run', type: 'nominal', sort: names, title: null, scale: { type: 'point', padding: 0.4 }, axis: { labelAngle: names.length > 3 ? -30 : 0, labelLimit: 120, domain: false, ticks: false } },
    y: { field: 'score', type: 'quantitative', title: metric, scale: { zero: false } },
  };
  return {
    name: 'fold-scores',
    title: `${metric} of each run on each fold`,
    spec: {
      width: Math.min(560, 130 * names.length),
      height: 240,
      data: { values },
      layer: [
        { mark: { type: 'line', color: muted, strokeWidth: 1, opacity: 0.6 }, encoding: { ...encoding, detail: { field: 'fold' } } },
        { mark: { type: 'point', size: 40, color: muted }, encoding },
        { data: { values: means }, mark: { type: 'tick', thickness: 3, width: 44, color: blue }, encoding },
      ],
    },
  };
}

/** The lead of the best run over each of the others, with its 95 % interval; zero is no difference. */
export function leadsFigure(pairs: readonly Pair[], metric: string): Figure {
  const values = pairs.flatMap(({ other, folds }) => (folds === null ? [] : [{ other, lead: folds.difference, low: folds.interval.low, high: folds.interval.high }]));
  const along = (field: string): Spec => ({ field, type: 'quantitative', title: `difference in ${metric}, ${pairs[0]?.best ?? ''} minus the other`, axis: { tickCount: 6, grid: true, domain: false } });
  const y = { field: 'other', type: 'nominal', title: null, sort: pairs.map(({ other }) => other), axis: { labelLimit: 200, grid: false } };
  return {
    name: 'leads',
    title: `Differences in ${metric} with their 95 % intervals`,
    spec: {
      width: 280,
      height: { step: pairs.length > 6 ? 24 : 44 },
      data: { values },
      layer: [
        { data: { values: [{ zero: 0 }] }, mark: { type: 'rule', color: muted, strokeDash: [3, 3], strokeWidth: 1 }, encoding: { x: along('zero') } },
        { mark: { type: 'rule', color: blue, strokeWidth: 2 }, encoding: { y, x: along('low'), x2: { field: 'high' } } },
        { mark: { type: 'point', size: 90, color: blue, opacity: 1 }, encoding: { y, x: along('lead') } },
      ],
    },
  };
}

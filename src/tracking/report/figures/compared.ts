import { meanAndSd } from '../../../data/statistics/index.ts';
import type { Pair } from '../../comparison/index.ts';
import type { Figure, Spec } from '../../../core/page/figure.ts';
import { blue, muted } from '../../../core/page/palette.ts';
import { figureIfMeasured } from '../../../core/measures.ts';
import type { Drawn } from './overlaid.ts';

/** Each run's score on each fold. A line is one fold; where the lines run alike, the folds differ more than the models do. */
export function foldScoresFigure(runs: readonly Drawn[], metric: string): Figure {
  const names = runs.map(({ label }) => label);
  const values = runs.flatMap(({ label, metrics }) =>
    metrics.folds.map(({ fold, best }) => ({ run: label, fold, score: best[metric] ?? null })),
  );
  const means = runs.map(({ label, metrics }) => ({
    run: label,
    score: meanAndSd(metrics.folds.map(({ best }) => figureIfMeasured(best, metric))).mean,
  }));
  const encoding = {
    x: {
      field: 'run',
      type: 'nominal',
      sort: names,
      title: null,
      scale: { type: 'point', padding: 0.4 },
      axis: { labelAngle: names.join('').length > 40 ? -30 : 0, labelLimit: 0, domain: false, ticks: false },
    },
    y: { field: 'score', type: 'quantitative', title: metric, scale: { zero: false } },
  };
  return {
    name: 'fold-scores',
    title: `${metric} of each run on each fold`,
    spec: {
      width: Math.min(300, 130 * names.length),
      height: 240,
      data: { values },
      layer: [
        { mark: { type: 'line', color: muted, strokeWidth: 1, opacity: 0.6 }, encoding: { ...encoding, detail: { field: 'fold' } } },
        { mark: { type: 'point', size: 40, color: muted }, encoding },
        { data: { values: means }, mark: { type: 'tick', thickness: 3, width: 30, color: blue }, encoding },
      ],
    },
  };
}

/** The lead of the best run over others, with the 95 % interval of each; zero is no difference. */
export function leadsFigure(pairs: readonly Pair[], metric: string, labelOf: (name: string) => string): Figure {
  const values = pairs.flatMap(({ other, folds }) =>
    folds === null ? [] : [{ other: labelOf(other), lead: folds.difference, low: folds.interval.low, high: folds.interval.high }],
  );
  const along = (field: string): Spec => ({ field, type: 'quantitative', title: null, axis: { tickCount: 4, grid: true, domain: false } });
  const y = { field: 'other', type: 'nominal', title: null, sort: values.map(({ other }) => other), axis: { labelLimit: 0, grid: false } };
  return {
    name: 'leads',
    title: `Differences in ${metric} with their 95 % intervals`,
    spec: {
      width: 190,
      height: { step: pairs.length > 6 ? 20 : 40 },
      title: [`${metric} of ${labelOf(pairs[0]?.best ?? '')}`, 'minus that of …'],
      data: { values },
      layer: [
        {
          data: { values: [{ zero: 0 }] },
          mark: { type: 'rule', color: muted, strokeDash: [3, 3], strokeWidth: 1 },
          encoding: { x: along('zero') },
        },
        { mark: { type: 'rule', color: blue, strokeWidth: 2 }, encoding: { y, x: along('low'), x2: { field: 'high' } } },
        { mark: { type: 'point', size: 70, color: blue, opacity: 1 }, encoding: { y, x: along('lead') } },
      ],
    },
  };
}

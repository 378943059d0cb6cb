import type { Comparison } from '../../comparison/index.ts';
import { foldScoresFigure, leadsFigure } from '../figures/compared.ts';
import { costFigure, curvesFigure, meanCurve, type Drawn } from '../figures/overlaid.ts';
import { parameterFigure, rankingFigure } from '../figures/ranked.ts';
import type { Figure } from '../../../core/page/figure.ts';
import { labelsOf, MOST_DRAWN, MOST_POINTS, secondsOfEpochs, type PlacedRun } from './placed-runs.ts';

/** With more runs the folds' lines cannot be told apart; with fewer than these a parameter's effect is not to be seen. */
const MOST_WITH_FOLDS = 6;
const LEAST_FOR_PARAMETERS = 3;
/** A search rarely has more parameters; what is left out stands in the table. */
const MOST_PARAMETERS = 12;
/** Of more folds than these, in all runs, the figure of scores has too many lines to follow one. */
const MOST_FOLD_LINES = 60;

/** Every figure of a comparison. */
export function comparisonFigures(comparison: Comparison, placed: readonly PlacedRun[]): readonly Figure[] {
  const { pairing, ranking, parameters } = comparison;
  const drawn = drawnRuns(placed);
  const ranked = placed.filter(({ place }) => place !== null);
  const over = (path: string, values: readonly unknown[]): Figure =>
    parameterFigure(
      path,
      ranked.slice(0, MOST_POINTS).map(({ run, score }) => ({ value: values[run], score: score?.value ?? NaN })),
      ranking.metric,
      ranked[0]?.score?.value ?? NaN,
    );
  const metric = perFold(comparison);
  const pairs = pairing.paired ? pairing.pairs.filter(({ folds }) => folds !== null).slice(0, MOST_DRAWN) : [];
  const folds = Math.max(0, ...ranked.map(({ metrics }) => metrics?.folds.length ?? 0));
  return [
    ...(placed.length > 2 && ranked.length > 1 ? [rankingFigure(ranked.slice(0, MOST_DRAWN), ranking.metric, metric)] : []),
    ...(drawn.some(({ metrics }) => meanCurve(metrics, metric).length > 0) ? [curvesFigure(drawn.slice(0, MOST_DRAWN), metric)] : []),
    ...(ranked.length < LEAST_FOR_PARAMETERS
      ? []
      : Object.entries(parameters)
          .slice(0, MOST_PARAMETERS)
          .map(([path, values]) => over(path, values))),
    ...(drawn.length < LEAST_FOR_PARAMETERS ? [] : [costFigure(drawn.slice(0, MOST_POINTS), ranking.metric)]),
    ...(pairing.paired && ranked.length <= MOST_WITH_FOLDS && folds > 1 && folds <= MOST_FOLD_LINES
      ? [foldScoresFigure(drawn, pairing.metric)]
      : []),
    ...(pairing.paired && pairs.length > 0 ? [leadsFigure(pairs, pairing.metric, labelsOf(placed))] : []),
  ];
}

/** The metric of each fold that stands for the one that the runs are compared by. */
export function perFold({ ranking }: Comparison): string {
  return `val/${ranking.row.replace(/^(oof|cv)\//, '')}`;
}

function drawnRuns(placed: readonly PlacedRun[]): readonly Drawn[] {
  return placed.flatMap(({ label, metrics, score }) =>
    metrics === null || score === null ? [] : [{ label, metrics, score: score.value, seconds: secondsOfEpochs(metrics) }],
  );
}

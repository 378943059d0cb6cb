import type { Figure, Spec } from '../../../core/page/figure.ts';
import { blue, muted } from '../../../core/page/palette.ts';
import { precisionRecallPoints, rocPoints, type Point, type Ranking } from '../../figures/ranking.ts';
import { eachLabel, rankingOf, worstFirst, type JudgedLabel, type JudgedLabels } from './judged-labels.ts';

/** More panels than this nobody reads; of more labels those that are told worst are drawn. */
export const MOST_PANELS = 12;
const COLUMNS = 4;
const SIDE = 104;

/** A panel a label: true against false positive rate. */
export function rocPanels(judged: JudgedLabels): Figure {
  const chance = [{ x: 0, y: 0, i: 0 }, { x: 1, y: 1, i: 1 }];
  return {
    name: 'roc',
    title: `Receiver operating characteristic of ${panelsOf(judged)}, out of fold`,
    spec: panels(judged, (ranking) => rocPoints(ranking.positive, ranking.scores), () => chance, ({ rocAuc }) => rocAuc, [
      'false positive rate',
      'true positive rate',
    ]),
  };
}

/** A panel a label: precision against recall; the dashed line is what chance would reach. */
export function precisionRecallPanels(judged: JudgedLabels): Figure {
  const chance = ({ rows, known }: JudgedLabel): readonly Spec[] => [0, 1].map((x, i) => ({ x, y: rows / known, i }));
  return {
    name: 'precision-recall',
    title: `Precision against recall of ${panelsOf(judged)}, out of fold`,
    spec: panels(judged, (ranking) => precisionRecallPoints(ranking.positive, ranking.scores), chance, (each) => each.averagePrecision, [
      'recall',
      'precision',
    ]),
  };
}

/** Labels that are drawn, in their own order. */
export function drawnLabels(judged: JudgedLabels): readonly JudgedLabel[] {
  const varied = worstFirst(eachLabel(judged)).filter(({ rows, known }) => rows > 0 && rows < known);
  return varied.slice(0, MOST_PANELS).toSorted((a, b) => a.label - b.label);
}

function panelsOf(judged: JudgedLabels): string {
  const { length } = drawnLabels(judged);
  return length < judged.labels ? `the ${length} labels that are told worst` : 'each label';
}

function panels(
  judged: JudgedLabels,
  pointsOf: (ranking: Ranking) => readonly Point[],
  chanceOf: (label: JudgedLabel) => readonly Spec[],
  scoreOf: (label: JudgedLabel) => number,
  [x, y]: readonly [string, string],
): Spec {
  const drawn = drawnLabels(judged);
  const panel = (each: JudgedLabel): string => `${each.name}  ${scoreOf(each).toFixed(3)}`;
  const values = drawn.flatMap((each) => [
    ...pointsOf(rankingOf(judged, each.label)).map((point, i) => ({ ...point, i, panel: panel(each), of: 'model' })),
    ...chanceOf(each).map((point) => ({ ...point, panel: panel(each), of: 'chance' })),
  ]);
  const axis = (field: string, title: string): Spec => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain: [0, 1] },
    axis: { values: [0, 0.5, 1] },
  });
  const at = { x: axis('x', x), y: axis('y', y), order: { field: 'i' } };
  return {
    data: { values },
    facet: { field: 'panel', type: 'nominal', sort: drawn.map(panel), title: null, header: { labelLimit: 1.6 * SIDE, labelFontSize: 10 } },
    columns: COLUMNS,
    spacing: 14,
    spec: {
      width: SIDE,
      height: SIDE,
      layer: [
        {
          transform: [{ filter: "datum.of === 'chance'" }],
          mark: { type: 'line', color: muted, strokeWidth: 1, strokeDash: [4, 3], opacity: 0.6 },
          encoding: at,
        },
        { transform: [{ filter: "datum.of === 'model'" }], mark: { type: 'line', color: blue }, encoding: at },
      ],
    },
  };
}

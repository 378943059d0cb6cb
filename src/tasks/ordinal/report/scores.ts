import { valueAt } from '../../../core/values.ts';
import type { Figure } from '../../../core/page/figure.ts';
import { blue, ink } from '../../../core/page/palette.ts';
import type { JudgedGrades } from './judged-grades.ts';

const HEIGHT = 290;
/** Width of a grade's place, in pixels. */
const STEP = { least: 14, most: 46 };

/** Of each true grade the quartiles of its scores, and the range without the outer twentieths. */
export function scoresFigure({ classes, labels, scores }: JudgedGrades): Figure {
  const values = classes.flatMap((grade, rank) => {
    const own = scores.filter((_, row) => labels[row] === rank).sort();
    if (own.length === 0) return [];
    const [low, first, middle, third, high] = [0.05, 0.25, 0.5, 0.75, 0.95].map((share) => quantile(own, share));
    return [{ grade, low, first, middle, third, high, rows: own.length }];
  });
  const x = { field: 'grade', type: 'nominal', sort: classes, title: 'true grade', axis: { labelAngle: 0, labelLimit: 90 } };
  const y = (field: string): Readonly<Record<string, unknown>> => ({
    field,
    type: 'quantitative',
    title: 'score',
    scale: { zero: false },
  });
  return {
    name: 'scores',
    title: 'Expected grade of the out-of-fold predictions by true grade',
    spec: {
      data: { values },
      width: { step: Math.max(STEP.least, Math.min(STEP.most, Math.floor(HEIGHT / classes.length))) },
      height: HEIGHT,
      layer: [
        { mark: { type: 'rule', color: ink, opacity: 0.7 }, encoding: { x, y: y('low'), y2: { field: 'high' } } },
        {
          mark: { type: 'bar', color: blue, opacity: 0.75, width: { band: 0.6 } },
          encoding: { x, y: y('first'), y2: { field: 'third' } },
        },
        { mark: { type: 'tick', color: ink, thickness: 2, width: { band: 0.6 } }, encoding: { x, y: y('middle') } },
      ],
    },
  };
}

/** Of ascending values, between neighbours in a straight line. */
function quantile(values: Float64Array, share: number): number {
  const place = share * (values.length - 1);
  const [below, above] = [valueAt(values, Math.floor(place)), valueAt(values, Math.ceil(place))];
  return below + (above - below) * (place - Math.floor(place));
}

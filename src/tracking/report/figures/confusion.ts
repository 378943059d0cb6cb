import type { Figure } from '../figure.ts';
import { confusionMatrix } from '../../../data/confusion.ts';
import type { OutOfFold } from '../../run-files.ts';
import { blue, ink, onFill } from '../palette.ts';

/** Side of the whole matrix, and the limits of a cell's, in pixels. */
const SIDE = 290;
const CELL = { least: 18, most: 112 };
/** Counts fit into cells of this size. */
const LEGIBLE = 30;

/** Counts of truth and prediction; a cell's strength is its share of the rows that are of its class. */
export function confusionFigure({ labels, predictions }: OutOfFold, classes: readonly string[]): Figure {
  const { counts } = confusionMatrix(labels, predictions, classes.length);
  const cell = Math.max(CELL.least, Math.min(CELL.most, Math.floor(SIDE / classes.length)));
  const values = classes.flatMap((truth, t) => {
    const row = counts.subarray(t * classes.length, (t + 1) * classes.length);
    const rows = row.reduce((sum, count) => sum + count, 0);
    return classes.map((prediction, p) => {
      const share = rows === 0 ? 0 : row[p]! / rows;
      return { truth, prediction, count: row[p]!, share, color: share > 0.55 ? onFill : ink };
    });
  });
  const at = {
    x: { field: 'prediction', type: 'nominal', sort: [...classes], title: 'predicted', axis: { orient: 'top', labelAngle: cell < 60 ? -45 : 0, labelLimit: 110, domain: false, ticks: false } },
    y: { field: 'truth', type: 'nominal', sort: [...classes], title: 'true', axis: { labelLimit: 110 } },
  };
  const color = { field: 'color', type: 'nominal', scale: null };
  return {
    name: 'confusion',
    title: 'Confusion matrix of the out-of-fold predictions',
    spec: {
      data: { values },
      width: { step: cell },
      height: { step: cell },
      encoding: at,
      layer: [
        {
          mark: { type: 'rect', color: blue, cornerRadius: 2 },
          encoding: { fillOpacity: { field: 'share', type: 'quantitative', scale: { domain: [0, 1], range: [0.05, 1] }, legend: null } },
        },
        ...(cell < LEGIBLE ? [] : [{ mark: { type: 'text', dy: cell < 60 ? 0 : -7, fontSize: cell < 60 ? 11 : 14 }, encoding: { text: { field: 'count', format: ',d' }, color } }]),
        ...(cell < 60 ? [] : [{ mark: { type: 'text', dy: 10, opacity: 0.85 }, encoding: { text: { field: 'share', format: '.1%' }, color } }]),
      ],
    },
  };
}

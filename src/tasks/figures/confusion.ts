import { valueAt } from '../../core/values.ts';
import type { Figure } from '../../core/page/figure.ts';
import { blue, ink, onFill } from '../../core/page/palette.ts';
import { confusionCells, confusionOf } from '../metrics/confusion.ts';

/** Classes or grades of rows as they are and as they are predicted, by their positions in `classes`. */
export interface Confusable {
  readonly classes: readonly string[];
  readonly labels: Int32Array;
  readonly predictions: Int32Array;
}

/** Where the whole matrix stands, beside the figures. */
export const CONFUSION_TABLE = 'confusion.csv';

/** More classes than this make cells that nobody can tell apart. */
const MOST_CLASSES = 20;
/** Side of the whole matrix, and the limits of a cell's, in pixels. */
const SIDE = 290;
const CELL = { least: 18, most: 112 };
/** Cells of this size have room for a count, and for a count with a share. */
const ROOM = { count: 30, share: 60 };

/**
 * Counts of truth and prediction; a cell's strength is its share of the rows that are of its class. Of many classes the most confused ones.
 */
export function confusionFigure(judged: Confusable): Figure {
  const { classes, labels, predictions } = judged;
  const { truth } = confusionOf(labels, predictions, classes.length);
  const shown = mostConfused(judged);
  const names = shown.map((label) => valueAt(classes, label));
  const cell = cellSize(shown.length);
  const rowsIn = new Map(
    confusionCells(labels, predictions, classes.length).map((each) => [each.truth * classes.length + each.prediction, each.rows]),
  );
  const values = shown.flatMap((t) =>
    shown.map((p) => {
      const count = rowsIn.get(t * classes.length + p) ?? 0;
      const share = count === 0 ? 0 : count / valueAt(truth, t);
      return { truth: valueAt(classes, t), prediction: valueAt(classes, p), count, share, color: share > 0.55 ? onFill : ink };
    }),
  );
  const at = {
    x: {
      field: 'prediction',
      type: 'nominal',
      sort: names,
      title: 'predicted',
      axis: { orient: 'top', labelAngle: cell < ROOM.share ? -45 : 0, labelLimit: 150, domain: false, ticks: false },
    },
    y: { field: 'truth', type: 'nominal', sort: names, title: 'true', axis: { labelLimit: 150 } },
  };
  const color = { field: 'color', type: 'nominal', scale: null };
  const hasShares = cell >= ROOM.share;
  return {
    name: 'confusion',
    title:
      'Confusion matrix of the out-of-fold ' +
      `predictions${shown.length < classes.length ? `, the ${shown.length} most confused of ${classes.length} classes` : ''}`,
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
        ...(cell < ROOM.count
          ? []
          : [
              {
                mark: { type: 'text', dy: hasShares ? -7 : 0, fontSize: hasShares ? 14 : 11 },
                encoding: { text: { field: 'count', format: ',d' }, color },
              },
            ]),
        ...(hasShares
          ? [{ mark: { type: 'text', dy: 10, opacity: 0.85 }, encoding: { text: { field: 'share', format: '.1%' }, color } }]
          : []),
      ],
    },
  };
}

/** What the figure of so many classes shows. */
export function confusionCaption(classes: number): string {
  const cell = cellSize(Math.min(classes, MOST_CLASSES));
  const which =
    classes > MOST_CLASSES
      ? `The ${MOST_CLASSES} most confused of ${classes} classes, by true and predicted class`
      : 'Rows by true and predicted class';
  if (cell >= ROOM.share) return `${which}; the shares are of the rows of the true class.`;
  const rest = classes > MOST_CLASSES ? ` All classes are in figures/${CONFUSION_TABLE}.` : '';
  return `${which}; the darker a cell, the larger its share of the rows of the true class.${rest}`;
}

/** `target,prediction,rows,share` of every cell that is not 0, the share being of the rows of the true class. */
export function confusionRows({ classes, labels, predictions }: Confusable): readonly (readonly (string | number)[])[] {
  const { truth } = confusionOf(labels, predictions, classes.length);
  return confusionCells(labels, predictions, classes.length).map((cell) => [
    valueAt(classes, cell.truth),
    valueAt(classes, cell.prediction),
    cell.rows,
    cell.rows / valueAt(truth, cell.truth),
  ]);
}

function cellSize(classes: number): number {
  return Math.max(CELL.least, Math.min(CELL.most, Math.floor(SIDE / classes)));
}

/** The classes that stand on either side of most mistakes, in the order of the classes. */
function mostConfused({ classes, labels, predictions }: Confusable): readonly number[] {
  const { truth, predicted, hits } = confusionOf(labels, predictions, classes.length);
  const mistakes = truth.map((rows, label) => rows + valueAt(predicted, label) - 2 * valueAt(hits, label));
  const order = [...mistakes.keys()].sort((a, b) => valueAt(mistakes, b) - valueAt(mistakes, a) || a - b);
  return order.slice(0, MOST_CLASSES).sort((a, b) => a - b);
}

import { valueAt } from '../../core/values.ts';
import { isPredicted } from '../metrics/labels.ts';
import type { TaskColumns } from '../task.ts';

/**
 * `target_<label>` with 1, 0 or nothing where it is not known; `probability_<label>` of each label, then `prediction_<label>`, 1 where the
 * probability is above one half.
 */
export function labelColumns(labels: readonly string[]): TaskColumns {
  const width = labels.length;
  return {
    targets: labels.map((name) => `target_${name}`),
    predictions: ['probability', 'prediction'].flatMap((what) => labels.map((name) => `${what}_${name}`)),
    targetCells: ({ values }) => (row) =>
      Array.from(values.subarray(row * width, (row + 1) * width), (value) => (Number.isNaN(value) ? '' : value)),
    predictionCells: ({ numbers }) => (row) => {
      const own = numbers.subarray(row * width, (row + 1) * width);
      return [...own, ...Array.from(own, (p) => (isPredicted(p) ? 1 : 0))];
    },
    readTarget: (cells) => {
      const wrong = cells.find((cell) => !['', '0', '1'].includes(cell));
      if (wrong !== undefined) return { what: 'a label', cell: wrong, instead: '1, 0 or empty' };
      return cells.map((cell) => (cell === '' ? NaN : Number(cell)));
    },
    readPrediction: (cells) => {
      const own = cells.slice(0, width);
      const wrong = own.find((cell) => cell.trim() === '' || !(Number(cell) >= 0 && Number(cell) <= 1));
      if (wrong !== undefined) return { what: 'a probability', cell: wrong };
      const called = cells.slice(width).findIndex((cell, label) => cell !== (isPredicted(Number(valueAt(own, label))) ? '1' : '0'));
      if (called === -1) return own.map(Number);
      return { what: 'a prediction', cell: valueAt(cells, width + called), instead: 'that of its probability' };
    },
  };
}

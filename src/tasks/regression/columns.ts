import { valueAt } from '../../core/values.ts';
import type { Cells, TaskColumns } from '../task.ts';

/**
 * `target` and `prediction` for one column, otherwise `target_<column>` and `prediction_<column>` for each. Numbers are written with all
 * their digits; the cell of a target that is not known is empty.
 */
export function numberColumns(columns: readonly string[]): TaskColumns {
  const named = (what: string): readonly string[] => (columns.length === 1 ? [what] : columns.map((column) => `${what}_${column}`));
  const cellsOf = (values: Float64Array): Cells => {
    const width = columns.length;
    return (row) => Array.from({ length: width }, (_, column) => valueAt(values, row * width + column));
  };
  const read = (cells: readonly string[], what: string): ReturnType<TaskColumns['readTarget']> => {
    const wrong = cells.find((cell) => cell.trim() === '' || !Number.isFinite(Number(cell)));
    return wrong === undefined ? cells.map(Number) : { what, cell: wrong, instead: 'a number' };
  };
  return {
    targets: named('target'),
    predictions: named('prediction'),
    targetCells: ({ values }) => {
      const cells = cellsOf(values);
      return (row) => cells(row).map((value) => (Number.isNaN(value) ? '' : value));
    },
    predictionCells: ({ numbers }) => cellsOf(numbers),
    readTarget(cells) {
      const known = read(cells.filter((cell) => cell !== ''), 'the target');
      if ('what' in known) return known;
      return cells.map((cell) => (cell === '' ? NaN : Number(cell)));
    },
    readPrediction: (cells) => read(cells, 'the prediction'),
  };
}

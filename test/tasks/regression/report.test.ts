import { describe, expect, it } from 'vitest';
import { OUT_OF_FOLD } from '../../../src/tasks/report.ts';
import { regression } from '../../../src/tasks/regression/task.ts';

const task = regression({ columns: ['a', 'b'], mean: [0, 100], sd: [1, 20], partial: true });

interface Bars {
  readonly data: { readonly values: readonly { readonly rows: number; readonly low: number }[] };
}

/** `n` rows whose errors are given, of columns with the number of the row. */
function reported(errors: readonly (readonly [number, number])[]) {
  const values = Float64Array.from(errors.flatMap((_, row) => [row, row === 1 ? NaN : 100 + row]));
  const numbers = Float64Array.from(errors.flatMap(([a, b], row) => [row + a, 100 + row + b]));
  return task.report({
    outOfFold: {
      ids: errors.map((_, row) => `id ${row}`),
      folds: Int32Array.from(errors, (_, row) => row % 2),
      targets: { width: 2, values },
      predictions: { width: 2, numbers },
    },
    metrics: { 'oof/mcrmse': 1.25, 'oof/mae': 1, 'oof/r2': 0.5, 'oof/pearson': null },
    texts: { missing: 'The texts are left out: they are gone.' },
    conflicts: [],
    words: OUT_OF_FOLD,
  });
}

describe('the report of numbers', () => {
  const { answer, figures, tables, sections, tiles } = reported([[0.5, 0], [0, 7], [-3, 1], [0, -50]]);

  it('names the error, and what the mean alone comes to', () => {
    expect(answer).toMatch(/^the root mean squared error is 1\.2500, the mean of 2 columns; always predicting the mean comes to \d/);
    expect(tiles).toHaveLength(4);
  });

  it('draws two figures a column, with a bar for every error', () => {
    expect(figures.map(({ name }) => name)).toEqual(['predicted-against-true-1', 'residuals-1', 'predicted-against-true-2', 'residuals-2']);
    const [bars] = figures[1]!.spec['layer'] as readonly Bars[];
    expect(bars!.data.values.reduce((sum, { rows }) => sum + rows, 0)).toBe(4);
    expect(bars!.data.values.every(({ low }) => Math.abs(low / 0.2 - Math.round(low / 0.2)) < 1e-9)).toBe(true);
  });

  it('lists the errors, the largest in deviations of its column first, without numbers that are not known', () => {
    expect(tables[0]?.columns).toEqual(['id', 'fold', 'column', 'target', 'prediction', 'error', 'text']);
    expect(tables[0]?.rows.map(([id, , column, , , error]) => [id, column, error]).slice(0, 3)).toEqual([
      ['id 2', 'a', -3],
      ['id 3', 'b', -50],
      ['id 0', 'a', 0.5],
    ]);
    expect(tables[0]?.rows).toHaveLength(7);
    const [predictions, errors] = sections(() => undefined);
    expect(predictions?.body.markup).toContain('Columns');
    expect(errors?.body.markup).toContain('they are gone');
  });

  it('has figures of predictions that are all right', () => {
    expect(reported([[0, 0], [0, 0]]).figures).toHaveLength(4);
  });
});

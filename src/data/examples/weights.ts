import type { Problem } from '../../core/errors.ts';
import { quoted } from '../problems.ts';
import { columnOf, firstLine, isNumeric, type Table } from '../tables/index.ts';

/** What rows weigh as their table has it, [rows], and everything that is wrong with it. */
export interface ReadWeights {
  readonly weights: Float64Array;
  readonly problems: readonly Problem[];
}

/** A weight of 0 leaves a row out of what is learned. A column that is not there has no values. */
export function readWeights(table: Table, column: string): ReadWeights {
  const cells = columnOf(table, column) ?? [];
  const weights = Float64Array.from(cells, (cell) => (isNumeric(cell) ? Number(cell) : NaN));
  const problems = cells.flatMap((cell, row): readonly Problem[] => {
    const wrong = problemOf(cell, weights[row]!);
    return wrong === undefined ? [] : [{ message: wrong, row: row + 1, field: column }];
  });
  return { weights, problems };
}

/** The weights of rows to learn from, not all of which may be 0. */
export function readLearnedWeights(table: Table, column: string): ReadWeights {
  const { weights, problems } = readWeights(table, column);
  if (problems.length > 0 || weights.length === 0 || !areAllZero(weights)) return { weights, problems };
  return { weights, problems: [{ message: 'all weights are 0; there is nothing to learn', ...firstLine(table), field: column }] };
}

export function areAllZero(weights: Float64Array): boolean {
  return weights.every((weight) => weight === 0);
}

function problemOf(cell: string, weight: number): string | undefined {
  if (['', 'na', 'nan', 'null', 'none'].includes(cell.trim().toLowerCase())) return 'the weight is missing';
  if (!isNumeric(cell)) return `the weight ${quoted(cell)} is not a number`;
  if (weight === Infinity) return `the weight ${quoted(cell)} is too large`;
  return weight < 0 ? `the weight ${quoted(cell)} is below 0` : undefined;
}

/**
 * Weights as they are learned with: those of the rows that are trained on have a mean of 1. Rows that are validated by a table of their own
 * are on the same scale, and each counts 1 where that table has no weights.
 *
 * @param trained of the rows that are trained on, not all 0
 */
export function relativeWeights(trained: Float64Array, weights: Float64Array = trained): Float64Array {
  const largest = trained.reduce((most, weight) => Math.max(most, weight), 0);
  const mean = trained.reduce((sum, weight) => sum + weight / largest, 0) / trained.length;
  return weights.map((weight) => weight / largest / mean);
}

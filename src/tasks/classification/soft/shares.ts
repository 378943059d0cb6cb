import { quoted } from '../../../data/problems.ts';
import { isNumeric } from '../../../data/tables/index.ts';
import type { Misread } from '../../task.ts';

/** Probabilities that are printed with a few digits sum up to 1 as nearly as this; they are divided by their sum. */
const TOLERANCE = 0.02;
/** Sums that differ by less are those of the same numbers. */
const ROUNDING = 1e-9;

/** The probabilities of a row, whose sum is 1, or what is wrong with them. */
export function sharesIn(cells: readonly string[]): readonly number[] | (Misread & { readonly at: number | null }) {
  const wrong = cells.findIndex((cell) => !isNumeric(cell) || !(Number(cell) >= 0 && Number.isFinite(Number(cell))));
  if (wrong !== -1) return { what: 'the probability', cell: cells[wrong] ?? '', instead: 'a number from 0 to 1', at: wrong };
  const shares = cells.map(Number);
  const sum = shares.reduce((all, share) => all + share, 0);
  if (Math.abs(sum - 1) > TOLERANCE) {
    return { what: 'the sum of the probabilities', cell: String(Number(sum.toPrecision(6))), instead: '1', at: null };
  }
  return Math.abs(sum - 1) > ROUNDING ? shares.map((share) => share / sum) : shares;
}

/** The same as a sentence. */
export function sharesProblem({ what, cell, instead = '', at }: Exclude<ReturnType<typeof sharesIn>, readonly number[]>): string {
  if (at === null) return `${what} is ${cell}, not 1`;
  return cell.trim() === '' ? `${what} is missing` : `${what} ${quoted(cell)} is not ${instead}`;
}

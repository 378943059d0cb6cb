import type { Problem } from '../../core/errors.ts';
import { valueAt } from '../../core/values.ts';
import { isInteger } from '../tables/index.ts';
import { quoted } from '../problems.ts';

/** More folds than this are no folds: an id, or a date. */
const MOST_FOLDS = 1000;

/** How many characters a fold's number has at most, so that it is a number to JavaScript. */
const LONGEST = 9;

export interface Predefined {
  readonly foldOf: Int32Array;
  readonly folds: number;
}

/**
 * Folds from a column: its value is the number of the fold that a row is validated in, from 0; −1 and an empty cell say that it is always
 * trained on, as for scikit-learn's `PredefinedSplit`. Or what is wrong with the values.
 *
 * @param rows each row's position in the table
 */
export function predefined(values: readonly string[], rows: Int32Array, column: string): Predefined | readonly Problem[] {
  const at = (i: number): Pick<Problem, 'row' | 'field'> => ({ row: valueAt(rows, i) + 1, field: column });
  const foldOf = Int32Array.from(values, (value) => foldIn(value) ?? NOT_A_FOLD);
  const wrong = values.flatMap((value, i): Problem[] =>
    foldOf[i] === NOT_A_FOLD
      ? [{ message: `${quoted(value)} ${NO_NUMBER}`, ...at(i) }]
      : [],
  );
  if (wrong.length > 0) return wrong;
  const firstRow = new Map<number, number>();
  foldOf.forEach((fold, i) => !firstRow.has(fold) && firstRow.set(fold, i));
  const numbers = [...firstRow.keys()].filter((fold) => fold >= 0).sort((a, b) => a - b);
  const last = numbers.at(-1);
  const about = `the column ${quoted(column)}`;
  if (last === undefined) return [{ message: `${about} has no fold: every row is always trained on`, field: column }];
  const gap = numbers.findIndex((fold, i) => fold !== i);
  if (gap !== -1) {
    const next = valueAt(numbers, gap);
    const instead = next === 1 && gap === 0 ? '; folds are numbered from 0' : '';
    const lacking = next - gap === 1 ? `no row has fold ${gap}` : `no row has one of the folds ${gap} to ${next - 1}`;
    return [{ message: `${about} has fold ${next}, but ${lacking}${instead}`, ...at(firstRow.get(next)!) }];
  }
  if (last + 1 > MOST_FOLDS) return [{ message: `${about} has ${last + 1} folds; at most ${MOST_FOLDS} can be trained`, field: column }];
  if (numbers.length === 1 && !firstRow.has(-1))
    return [{ message: `${about} puts every row into fold 0, so nothing is left to train on`, field: column }];
  return { foldOf, folds: last + 1 };
}

const NOT_A_FOLD = -2;
const NO_NUMBER = 'is not the number of a fold, which is 0 or more, or -1 or nothing for a row that is always trained on';

/** `2`, and as a table of numbers may write it, `2.0`; −1 where a row is in none. */
function foldIn(cell: string): number | undefined {
  const value = cell.trim().replace(/\.0+$/, '');
  if (value === '' || value === '-1') return -1;
  return isInteger(value) && /^\+?\d+$/.test(value) && value.length <= LONGEST ? Number(value) : undefined;
}

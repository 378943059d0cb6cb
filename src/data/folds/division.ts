import { valueAt } from '../../core/values.ts';

/** How rows are divided for several models, one a fold: what each is trained on, and what validates it. */
export interface Division {
  /** Models: with repeats, all folds of all of them. Those of repeat r are numbered from r × folds. */
  readonly count: number;
  /** For each repeat the fold, numbered from 0 in it, in whose validation part each row is; −1 where it is in none: [repeats][rows]. */
  readonly foldOf: readonly Int32Array[];
  /** Where a fold is trained on earlier rows alone; otherwise it is on all rows that do not validate it. */
  readonly earlier?: Earlier;
}

export interface Earlier {
  /** Each row's place in time, from 0: [rows]. */
  readonly places: Int32Array;
  /** For each fold the first place that it is not trained on. */
  readonly ends: readonly number[];
}

/** The rows that a model is trained on, and those that validate it, ascending. */
export interface FoldRows {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

export function divisionOf(foldOf: Int32Array, folds: number): Division {
  return { count: folds, foldOf: [foldOf] };
}

/** Rows that are always trained on, and behind them those that validate fold 0. */
export function divisionByTable(trained: number, validated: number): Division {
  return divisionOf(Int32Array.from({ length: trained + validated }, (_, row) => (row < trained ? -1 : 0)), 1);
}

export function rowsOfFold(division: Division, fold: number): FoldRows {
  const { foldOf, number } = placeOf(division, fold);
  const where = (belongs: (of: number, row: number) => boolean): Int32Array =>
    Int32Array.from(foldOf.keys()).filter((row) => belongs(valueAt(foldOf, row), row));
  const { earlier } = division;
  const isTrained = (of: number, row: number): boolean =>
    earlier === undefined ? of !== number : valueAt(earlier.places, row) < valueAt(earlier.ends, number);
  return { train: where(isTrained), validation: where((of) => of === number) };
}

export function rowsIn({ foldOf: [first] }: Division): number {
  return first?.length ?? 0;
}

/**
 * Rows and folds as if each row were validated once at most, in a view a repeat, or a fold where its training rows are not all others.
 *
 * `foldOf`: of each of the rows, by its number among all folds; −1 where it is only trained on. `rows`: null for all of them.
 */
export interface FoldView {
  readonly folds: readonly number[];
  readonly rows: Int32Array | null;
  readonly foldOf: Int32Array;
}

export function viewsOf(division: Division): readonly FoldView[] {
  const perRepeat = division.count / division.foldOf.length;
  if (division.earlier === undefined) {
    return division.foldOf.map((of, repeat) => ({
      folds: Array.from({ length: perRepeat }, (_, fold) => repeat * perRepeat + fold),
      rows: null,
      foldOf: repeat === 0 ? of : of.map((fold) => (fold === -1 ? -1 : repeat * perRepeat + fold)),
    }));
  }
  return Array.from({ length: division.count }, (_, fold) => {
    const { train, validation } = rowsOfFold(division, fold);
    const rows = Int32Array.from([...train, ...validation]);
    return { folds: [fold], rows, foldOf: rows.map((_row, i) => (i < train.length ? -1 : fold)) };
  });
}

function placeOf({ count, foldOf }: Division, fold: number): { readonly foldOf: Int32Array; readonly number: number } {
  const perRepeat = count / foldOf.length;
  const repeat = Math.floor(fold / perRepeat);
  return { foldOf: valueAt(foldOf, repeat), number: fold - repeat * perRepeat };
}

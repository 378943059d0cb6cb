import { RandomState } from '../../core/random.ts';

/** Which labels rows have: row-major [rows, width], 1 where a row has one. */
export interface LabelMatrix {
  readonly width: number;
  readonly values: Uint8Array;
}

/**
 * Iterative stratification (Sechidis et al. 2011) as `MultilabelStratifiedKFold` of iterative-stratification 0.1.9 has it: the rarest label
 * left is dealt out first, each of its rows to the fold that lacks most of the label, among equal ones to the fold that lacks most
 * rows. Rows without labels come last. Ties are decided by lot.
 *
 * @param isShuffled whether rows are dealt out in random order, or in the order of the table
 */
export function multilabelKFold({ width, values }: LabelMatrix, folds: number, seed: number, isShuffled: boolean): Int32Array {
  const rng = new RandomState(seed);
  const rows = width === 0 ? 0 : values.length / width;
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  if (isShuffled) rng.shuffle(order);
  const has = (place: number, label: number): boolean => values[order[place]! * width + label] === 1;
  const places = Array.from({ length: width }, (_, label) => Array.from(order.keys()).filter((place) => has(place, label)));

  const left = places.map(({ length }) => length); // rows of each label that are not dealt out
  const share = 1 / folds;
  const lacked = new Float64Array(folds).fill(share * rows);
  const lackedOf = places.map(({ length }) => new Float64Array(folds).fill(share * length)); // [width][folds]
  const foldOf = new Int32Array(rows).fill(-1); // by place
  const drawn = (among: readonly number[]): number => (among.length === 1 ? among[0]! : among[rng.integer(0, among.length)]!);
  const deal = (place: number, fold: number): void => {
    foldOf[place] = fold;
    lacked[fold]!--;
    for (let label = 0; label < width; label++) {
      if (!has(place, label)) continue;
      lackedOf[label]![fold]!--;
      left[label]!--;
    }
  };

  for (let rest = rows; rest > 0; ) {
    const fewest = Math.min(...left.filter((count) => count > 0));
    const isOver = fewest === Infinity;
    const label = isOver ? -1 : drawn([...left.keys()].filter((each) => left[each] === fewest));
    const next = isOver ? Array.from(order.keys()) : places[label]!;
    for (const place of next) {
      if (foldOf[place] !== -1) continue;
      const best = isOver ? largest(lacked) : largest(lackedOf[label]!);
      deal(place, drawn(isOver || best.length === 1 ? best : largest(lacked, best)));
      rest--;
    }
  }
  const result = new Int32Array(rows);
  foldOf.forEach((fold, place) => (result[order[place]!] = fold));
  return result;
}

/** The indices of the largest value, ascending, of all or of some. */
function largest(values: Float64Array, among: readonly number[] = [...values.keys()]): readonly number[] {
  const most = Math.max(...among.map((i) => values[i]!));
  return among.filter((i) => values[i] === most);
}

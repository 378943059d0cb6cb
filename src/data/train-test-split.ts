import { RandomState } from '../core/random.ts';

/** Row numbers, in the order in which scikit-learn returns them. */
export interface TrainTestSplit {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** scikit-learn's `train_test_split`, shuffled: ⌈rows · testShare⌉ test rows. */
export function trainTestSplit(rows: number, testShare: number, seed: number): TrainTestSplit {
  const order = new RandomState(seed).permutation(rows);
  const testRows = Math.ceil(rows * testShare);
  return { train: order.slice(testRows), test: order.slice(0, testRows) };
}

/** scikit-learn's `train_test_split` with `stratify`: both parts hold the classes in about the same shares. Every class needs two rows. */
export function stratifiedTrainTestSplit(labels: Int32Array, testShare: number, seed: number): TrainTestSplit {
  const rng = new RandomState(seed);
  const rowsOf = rowsOfSortedLabels(labels);
  const counts = rowsOf.map((rows) => rows.length);
  const testRows = Math.ceil(labels.length * testShare);
  const trainCounts = proportionalCounts(counts, labels.length - testRows, rng);
  const testCounts = proportionalCounts(counts.map((count, label) => count - trainCounts[label]!), testRows, rng);

  const train: number[] = [];
  const test: number[] = [];
  rowsOf.forEach((rows, label) => {
    const shuffled = [...rng.permutation(rows.length)].map((i) => rows[i]!);
    const split = trainCounts[label]!;
    train.push(...shuffled.slice(0, split));
    test.push(...shuffled.slice(split, split + testCounts[label]!));
  });
  const order = (rows: readonly number[]): Int32Array => rng.permutation(rows.length).map((i) => rows[i]!);
  return { train: order(train), test: order(test) };
}

/**
 * scikit-learn's `_approximate_mode`: the most probable class counts among `draws` rows drawn without replacement. Shares
 * are rounded down; what is missing goes to the largest remainders, by lot among equal ones.
 */
function proportionalCounts(counts: readonly number[], draws: number, rng: RandomState): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => (count / total) * draws);
  const result = shares.map(Math.floor);
  const remainders = shares.map((share, label) => share - result[label]!);
  let missing = draws - result.reduce((sum, count) => sum + count, 0);
  for (const remainder of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing === 0) break;
    const tied = [...remainders.keys()].filter((label) => remainders[label] === remainder);
    const chosen = rng.choice(tied.length, Math.min(tied.length, missing));
    for (const i of chosen) result[tied[i]!]!++;
    missing -= chosen.length;
  }
  return result;
}

function rowsOfSortedLabels(labels: Int32Array): number[][] {
  const rows = new Map([...new Set(labels)].sort((a, b) => a - b).map((label) => [label, [] as number[]]));
  labels.forEach((label, row) => rows.get(label)!.push(row));
  return [...rows.values()];
}

import type { Targets } from '../../data/examples/index.ts';
import type { Strata } from '../../data/folds/index.ts';

/** Rows with the same labels are of one kind, which stratified-kfold could hold in equal shares only where the kinds are few. */
export function labelStrata({ width, values }: Targets): Strata {
  const numberOf = new Map<string, number>();
  const of = Int32Array.from({ length: values.length / width }, (_, row) => {
    const kind = values.subarray(row * width, (row + 1) * width).join();
    const known = numberOf.get(kind) ?? numberOf.size;
    numberOf.set(kind, known);
    return known;
  });
  return {
    of,
    count: numberOf.size,
    tooFew: () => [
      {
        message: 'split.strategy is stratified-kfold, which needs one class a row, and a row has any number of labels',
        field: 'split.strategy',
        suggestion: 'strategy: multilabel-stratified-kfold',
      },
    ],
  };
}

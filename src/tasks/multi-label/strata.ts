import type { Targets } from '../../data/examples/index.ts';
import type { Strata } from '../../data/folds/index.ts';

/** All rows are of one kind, with any number of labels; one that is not known counts as one that the row does not have. */
export function labelStrata({ width, values }: Targets): Strata {
  return {
    of: new Int32Array(values.length / width),
    count: 1,
    labels: { width, values: Uint8Array.from(values, (value) => (value === 1 ? 1 : 0)) },
    tooFew: () => [],
  };
}

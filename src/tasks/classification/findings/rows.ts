import type { Examples } from '../../../data/examples/index.ts';

/** Texts with a class each. */
export interface ClassRows extends Examples {
  /** Positions in `classes`. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

import type { Place, Tree } from '../yaml/tree.ts';

/** A parameter that a sweep varies. */
export interface Swept {
  readonly path: string;
  readonly place: Place | undefined;
  /** A list of values, or a range. */
  readonly choices: Tree;
}

/** What random trials draw a number from. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly scale?: 'linear' | 'log';
}

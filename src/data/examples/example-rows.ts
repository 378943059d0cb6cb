import { valueAt } from '../../core/values.ts';
import type { Text } from '../texts/index.ts';
import type { Targets } from './targets.ts';

/** Texts with an id each, in the order of the table. */
export interface Examples {
  readonly ids: readonly string[];
  readonly texts: readonly Text[];
}

/** `T` is the task that knows what the numbers of the targets mean. */
export interface LabelledExamples<T> extends Examples {
  readonly targets: Targets;
  readonly task: T;
  /** What each row weighs in what is learned, as the table has it, [rows]; left out where all rows count alike. */
  readonly weights?: Float64Array;
}

/** Weights of rows as a part of their examples. */
export function withWeights(weights: Float64Array | undefined): Pick<LabelledExamples<unknown>, 'weights'> {
  return weights === undefined ? {} : { weights };
}

/** Those of some rows, in their order: the values themselves where these are all rows. */
export function valuesAt<V>(values: readonly V[], rows: Int32Array): readonly V[] {
  return rows.length === values.length ? values : Array.from(rows, (row) => valueAt(values, row));
}

import type { Targets } from './targets.ts';

/** Texts with an id each, in the order of the table. */
export interface Examples {
  readonly ids: readonly string[];
  readonly texts: readonly string[];
}

/** `T` is the task that knows what the numbers of the targets mean. */
export interface LabelledExamples<T> extends Examples {
  readonly targets: Targets;
  readonly task: T;
}

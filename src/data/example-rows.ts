/** Texts with an id each, in the order of the table. */
export interface Examples {
  readonly ids: readonly string[];
  readonly texts: readonly string[];
}

export interface LabelledExamples extends Examples {
  /** Positions in `classes`. */
  readonly labels: Int32Array;
  /** The target's different values as the table has them: by number if all are numbers, otherwise by code point. */
  readonly classes: readonly string[];
}

/** [classes] How many rows each class has. */
export function classSizes(labels: Int32Array, classes: number): Int32Array {
  const sizes = new Int32Array(classes);
  for (const label of labels) sizes[label]!++;
  return sizes;
}

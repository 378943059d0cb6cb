/**
 * Probabilities as columns: one column `probability` (of the second class) for two classes, otherwise `probability_<class>`
 * for each. Arrays are row-major, [rows] for two classes and [rows, classes] for more.
 */
export function probabilityColumns(classes: readonly string[]): readonly string[] {
  return classes.length === 2 ? ['probability'] : classes.map((name) => `probability_${name}`);
}

export function probabilityFields(probabilities: Float64Array, row: number, classes: readonly string[]): readonly number[] {
  const width = classes.length === 2 ? 1 : classes.length;
  return [...probabilities.subarray(row * width, (row + 1) * width)];
}

/** The class with the largest probability, the first of equal ones; of two classes the second only above one half, as numpy rounds. */
export function predictedClass(probabilities: Float64Array, row: number, classes: readonly string[]): string {
  const fields = probabilityFields(probabilities, row, classes);
  if (classes.length === 2) return classes[(fields[0] ?? 0) > 0.5 ? 1 : 0] ?? '';
  return classes[fields.indexOf(Math.max(...fields))] ?? '';
}

import { predictedLabels } from '../data/metrics.ts';

/** `probability` (of the second class) for two classes, otherwise `probability_<class>` for each. */
export function probabilityColumns(classes: readonly string[]): readonly string[] {
  return classes.length === 2 ? ['probability'] : classes.map((name) => `probability_${name}`);
}

/** The columns of a table of predictions, after the id: probabilities, then `prediction`, the class's text. */
export function predictionColumns(classes: readonly string[]): readonly string[] {
  return [...probabilityColumns(classes), 'prediction'];
}

/** The fields of a row, which are made when they are asked for. `probabilities`: [rows] for two classes, otherwise row-major [rows, classes]. */
export function predictionFields(probabilities: Float64Array, classes: readonly string[]): (row: number) => readonly (number | string)[] {
  const width = classes.length === 2 ? 1 : classes.length;
  const labels = predictedLabels(probabilities, classes.length);
  return (row) => [...probabilities.subarray(row * width, (row + 1) * width), classes[labels[row]!] ?? ''];
}

/** The rows of a table of predictions one after the other, each with what `before` puts first: with many classes all at once would fill the memory. */
export function* predictionRows(
  probabilities: Float64Array,
  classes: readonly string[],
  rows: number,
  before: (row: number) => readonly (number | string)[],
): Iterable<readonly (number | string)[]> {
  const fieldsOf = predictionFields(probabilities, classes);
  for (let row = 0; row < rows; row++) yield [...before(row), ...fieldsOf(row)];
}

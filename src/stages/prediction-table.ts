import { predictedLabels } from '../data/metrics.ts';

/** `probability` (of the second class) for two classes, otherwise `probability_<class>` for each. */
export function probabilityColumns(classes: readonly string[]): readonly string[] {
  return classes.length === 2 ? ['probability'] : classes.map((name) => `probability_${name}`);
}

/** The columns of a table of predictions, after the id: probabilities, then `prediction`, the class's text. */
export function predictionColumns(classes: readonly string[]): readonly string[] {
  return [...probabilityColumns(classes), 'prediction'];
}

/** The fields of each row. `probabilities`: [rows] for two classes, otherwise row-major [rows, classes]. */
export function predictionFields(probabilities: Float64Array, classes: readonly string[]): readonly (readonly (number | string)[])[] {
  const width = classes.length === 2 ? 1 : classes.length;
  return Array.from(predictedLabels(probabilities, classes.length), (label, row) => [
    ...probabilities.subarray(row * width, (row + 1) * width),
    classes[label] ?? '',
  ]);
}

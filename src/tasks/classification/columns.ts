import { lookup, valueAt } from '../../core/values.ts';
import type { Predictions } from '../predictions.ts';
import type { TaskColumns } from '../task.ts';
import { predictedLabels } from './metrics.ts';

/** `probability` (of the second class) for two classes, otherwise `probability_<class>` for each; then `prediction`, the class's text. */
export function classColumns(classes: readonly string[]): TaskColumns {
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const probabilities = classes.length === 2 ? ['probability'] : classes.map((name) => `probability_${name}`);
  const unknownClass = (cells: readonly string[], at: number, what: string): ReturnType<TaskColumns['readTarget']> | undefined => {
    const cell = valueAt(cells, at);
    return labelOf.has(cell) ? undefined : { what, cell, instead: "one of the run's classes" };
  };
  return {
    targets: ['target'],
    predictions: [...probabilities, 'prediction'],
    targetCells: ({ values }) => (row) => [valueAt(classes, valueAt(values, row))],
    predictionCells: (predictions) => {
      const { width, numbers } = predictions;
      const labels = decided(predictions, classes);
      return (row) => [...numbers.subarray(row * width, (row + 1) * width), valueAt(classes, valueAt(labels, row))];
    },
    readTarget: (cells) => unknownClass(cells, 0, 'the target') ?? [lookup(labelOf, valueAt(cells, 0))],
    readPrediction: (cells) => {
      const numbers = cells.slice(0, probabilities.length);
      const wrong = numbers.find((cell) => cell.trim() === '' || !(Number(cell) >= 0 && Number(cell) <= 1));
      if (wrong !== undefined) return { what: 'a probability', cell: wrong };
      return unknownClass(cells, probabilities.length, 'the prediction') ?? numbers.map(Number);
    },
  };
}

/** The class numbers that are predicted: [rows]. */
export function decided({ numbers }: Predictions, classes: readonly string[]): Int32Array {
  return predictedLabels(numbers, classes.length);
}

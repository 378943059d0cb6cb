import { lookup, valueAt } from '../../core/values.ts';
import type { TaskColumns } from '../task.ts';
import { ranksOf } from './grades.ts';

/** `target`, the grade's text; `probability_<grade>` of each grade, `score`, the expected grade, and `prediction`, a grade's text. */
export function gradeColumns(grades: readonly string[]): TaskColumns {
  const rankOf = new Map(grades.map((name, rank) => [name, rank]));
  const unknown = (cell: string, what: string): ReturnType<TaskColumns['readTarget']> | undefined =>
    rankOf.has(cell) ? undefined : { what, cell, instead: "one of the run's grades" };
  return {
    targets: ['target'],
    predictions: [...grades.map((name) => `probability_${name}`), 'score', 'prediction'],
    targetCells: ({ values }) => (row) => [valueAt(grades, valueAt(values, row))],
    predictionCells: (predictions) => {
      const { width, numbers } = predictions;
      const ranks = ranksOf(predictions);
      return (row) => [...numbers.subarray(row * width, (row + 1) * width), valueAt(grades, valueAt(ranks, row))];
    },
    readTarget: (cells) => unknown(valueAt(cells, 0), 'the target') ?? [lookup(rankOf, valueAt(cells, 0))],
    readPrediction: (cells) => {
      const [probabilities, score] = [cells.slice(0, grades.length), valueAt(cells, grades.length)];
      const wrong = probabilities.find((cell) => cell.trim() === '' || !(Number(cell) >= 0 && Number(cell) <= 1));
      if (wrong !== undefined) return { what: 'a probability', cell: wrong };
      if (score.trim() === '' || !Number.isFinite(Number(score))) return { what: 'the score', cell: score, instead: 'a number' };
      return unknown(valueAt(cells, grades.length + 1), 'the prediction') ?? [...probabilities, score].map(Number);
    },
  };
}

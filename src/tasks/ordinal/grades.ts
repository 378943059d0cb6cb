import { valueAt } from '../../core/values.ts';
import { isNumeric } from '../../data/tables/index.ts';
import type { Predictions } from '../predictions.ts';

/** Grades in order, and how one score says them. */
export interface Grades {
  /** As the table writes them, the lowest first; at least two. */
  readonly grades: readonly string[];
  /** Rows of the training table that have each, [grades]. */
  readonly counts: readonly number[];
  readonly link: Link;
}

export type Link = 'coral' | 'cumulative';

/*
 * Predictions of a row are the probabilities of its grades and its score, the expected grade: [grades + 1]. Both are what averaging over
 * models leaves them; the predicted rank follows from the probabilities.
 */

/** What the grades stand for: their numbers, or, for words, their ranks from 0. */
export function gradeValues(grades: readonly string[]): readonly number[] {
  return grades.every(isNumeric) ? grades.map(Number) : [...grades.keys()];
}

/** Predictions of logits [rows, grades − 1], output k of which says whether the rank is above k: σ(xₖ) = P(rank > k). */
export function gradesOfLogits(logits: Float32Array, values: readonly number[]): Predictions {
  return gradesOf(Float64Array.from(logits, (x) => 1 / (1 + Math.exp(-x))), values);
}

/**
 * Predictions of P(rank > k), [rows, grades − 1]. A grade's probability is the difference of two neighbours among 1, the running minimum of
 * these, and 0; the score is the lowest grade and the steps above it, each times its P.
 */
export function gradesOf(passed: Float64Array, values: readonly number[]): Predictions {
  const thresholds = values.length - 1;
  const width = values.length + 1;
  const rows = passed.length / thresholds;
  const numbers = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let [least, score] = [1, valueAt(values, 0)];
    for (let k = 0; k < thresholds; k++) {
      const chance = valueAt(passed, row * thresholds + k);
      const next = Math.min(least, chance);
      numbers[row * width + k] = least - next;
      score += chance * (valueAt(values, k + 1) - valueAt(values, k));
      least = next;
    }
    numbers[row * width + thresholds] = least;
    numbers[row * width + values.length] = score;
  }
  return { width, numbers };
}

/** [rows] How many thresholds each row has passed with a probability above one half. */
export function ranksOf({ width, numbers }: Predictions): Int32Array {
  return Int32Array.from({ length: numbers.length / width }, (_, row) => {
    let [above, rank] = [0, 0];
    // From the top down, so that small probabilities are added before large ones.
    for (let k = width - 2; k > 0; k--) {
      above += valueAt(numbers, row * width + k);
      if (above > 0.5) {
        rank = k;
        break;
      }
    }
    return rank;
  });
}

/** [rows] */
export function scoresOf({ width, numbers }: Predictions): Float64Array {
  return Float64Array.from({ length: numbers.length / width }, (_, row) => valueAt(numbers, row * width + width - 1));
}

/** Row-major [rows, grades] */
export function probabilitiesOf({ width, numbers }: Predictions): Float64Array {
  return numbers.filter((_, i) => i % width !== width - 1);
}

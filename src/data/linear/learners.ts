import { rowCount, targetOf, type Targets } from '../examples/index.ts';
import { minimum } from './newton.ts';
import { linearObjective, logisticLoss, scores, sigmoid, softmax, softmaxLoss, squaredLoss, type RowLoss } from './objectives.ts';
import { rowsAt, type SparseMatrix } from './sparse.ts';

/**
 * What targets are, as far as a linear model has to know: class numbers, [rows, 1], or probabilities of the classes, [rows, count]; labels
 * of 0 and 1, [rows, width]; numbers, [rows, width]; ranks from 0, [rows, 1].
 */
export type LinearTargets =
  | { readonly kind: 'classes'; readonly count: number }
  | { readonly kind: 'labels' }
  | { readonly kind: 'numbers' }
  | { readonly kind: 'ranks'; readonly count: number };

/** What a linear model learns from, and the rows that it is asked about. */
export interface LinearLesson {
  readonly x: SparseMatrix;
  /** Those of the rows of `x`; NaN where one is not known. */
  readonly targets: Targets;
  /** What they weigh, as scikit-learn's `sample_weight`; left out where all weigh 1. */
  readonly weights?: Float64Array | undefined;
  readonly asked: SparseMatrix;
  /** Called before each pass over the rows; may throw to stop. */
  readonly onStep: () => void;
}

/** Row-major [rows, width]. */
export interface LinearAnswer {
  readonly width: number;
  readonly numbers: Float64Array;
}

/**
 * What a linear model says about the rows that it is asked about: of two classes the second one's probability, [rows, 1], of more that of
 * each, [rows, count]; of labels their probabilities, and of numbers these, [rows, width]; of ranks the probability to be above each but
 * the highest, [rows, count − 1]. Probabilities are those of scikit-learn's `LogisticRegression()`, numbers those of `Ridge()`.
 */
export function learned(about: LinearTargets, lesson: LinearLesson): LinearAnswer {
  switch (about.kind) {
    case 'classes':
      return ofClasses(about.count, lesson);
    case 'labels':
      return columnwise(lesson, probabilities);
    case 'numbers':
      return columnwise(lesson, (column) => fitted(column, squaredLoss));
    case 'ranks':
      return ofRanks(about.count, lesson);
  }
}

/** A class that none of the rows has gets 0. */
function ofClasses(count: number, lesson: LinearLesson): LinearAnswer {
  const { targets, asked } = lesson;
  const shares = targets.width === count ? targets.values : oneHot(targets.values, count);
  const present = Int32Array.from({ length: count }, (_, k) => k).filter((k) => columnOf(shares, count, k).some((share) => share > 0));
  const y = narrowed(shares, count, present);
  const own = (present.length > 2 ? ofMany : ofFew)({ ...lesson, y }, present.length);
  const all = new Float64Array(asked.rows * count);
  for (let row = 0; row < asked.rows; row++) present.forEach((k, i) => (all[row * count + k] = own[row * present.length + i]!));
  return count === 2 ? { width: 1, numbers: columnOf(all, 2, 1) } : { width: count, numbers: all };
}

/**
 * A model for each threshold, as Frank and Hall do (2001, A Simple Approach to Ordinal Classification); none is passed more likely than
 * one below it.
 */
function ofRanks(count: number, lesson: LinearLesson): LinearAnswer {
  const width = count - 1;
  const { values } = lesson.targets;
  const passed = Float64Array.from({ length: values.length * width }, (_, i) => {
    const rank = values[Math.floor(i / width)]!;
    return Number.isNaN(rank) ? NaN : rank > i % width ? 1 : 0;
  });
  const { numbers } = learned({ kind: 'labels' }, { ...lesson, targets: { width, values: passed } });
  numbers.forEach((chance, i) => {
    if (i % width > 0) numbers[i] = Math.min(chance, numbers[i - 1]!);
  });
  return { width, numbers };
}

/** What is learned of one column of targets, or of the shares of classes; y is row-major. */
interface Column extends Omit<LinearLesson, 'targets'> {
  readonly y: Float64Array;
}

/** Each column by itself, from the rows in which it is known. */
function columnwise({ x, targets, weights, asked, onStep }: LinearLesson, learn: (column: Column) => Float64Array): LinearAnswer {
  const { width } = targets;
  const rows = rowCount(targets);
  const numbers = new Float64Array(asked.rows * width);
  for (let k = 0; k < width; k++) {
    const known = Int32Array.from({ length: rows }, (_, row) => row).filter((row) => !Number.isNaN(targetOf(targets, row)[k]));
    const y = Float64Array.from(known, (row) => targetOf(targets, row)[k]!);
    const isWhole = known.length === rows;
    const own = learn({
      x: isWhole ? x : rowsAt(x, known),
      y,
      weights: isWhole ? weights : weights && Float64Array.from(known, (row) => weights[row]!),
      asked,
      onStep,
    });
    own.forEach((number, row) => (numbers[row * width + k] = number));
  }
  return { width, numbers };
}

/** The chance of 1. Where nobody knows better it is a half. */
function probabilities(column: Column): Float64Array {
  const { y, asked } = column;
  const [first = 0.5] = y;
  if (y.every((each) => each === first)) return new Float64Array(asked.rows).fill(first);
  return fitted(column, logisticLoss).map(sigmoid);
}

/** Of at most two classes, [rows, count]. */
function ofFew(column: Column, count: number): Float64Array {
  const { y, asked } = column;
  if (count < 2) return new Float64Array(asked.rows * count).fill(1);
  const second = probabilities({ ...column, y: columnOf(y, 2, 1) });
  return Float64Array.from({ length: 2 * asked.rows }, (_, i) => (i % 2 === 1 ? second[(i - 1) / 2]! : 1 - second[i / 2]!));
}

/** Of more classes, [rows, count]. */
function ofMany(column: Column, count: number): Float64Array {
  const all = fitted(column, softmaxLoss(count));
  for (let row = 0; row < column.asked.rows; row++) softmax(all, row * count, count, all, row * count);
  return all;
}

/** The scores of a fitted model, [rows, width of the loss]. */
function fitted({ x, y, weights, asked, onStep }: Column, loss: RowLoss): Float64Array {
  return scores(asked, minimum(linearObjective(x, y, loss, weights), onStep), loss.width);
}

function oneHot(labels: Float64Array, count: number): Float64Array {
  const shares = new Float64Array(labels.length * count);
  labels.forEach((label, row) => (shares[row * count + label] = 1));
  return shares;
}

function columnOf(values: Float64Array, width: number, k: number): Float64Array {
  return Float64Array.from({ length: values.length / width }, (_, row) => values[row * width + k]!);
}

function narrowed(values: Float64Array, width: number, kept: Int32Array): Float64Array {
  if (kept.length === width) return values;
  return Float64Array.from({ length: (values.length / width) * kept.length }, (_, i) => {
    const [row, k] = [Math.floor(i / kept.length), kept[i % kept.length]!];
    return values[row * width + k]!;
  });
}

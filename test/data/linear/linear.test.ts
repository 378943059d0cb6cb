import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { learned, type LinearTargets } from '../../../src/data/linear/learners.ts';
import { minimum } from '../../../src/data/linear/newton.ts';
import { linearObjective, logisticLoss } from '../../../src/data/linear/objectives.ts';
import { linearAnswers } from '../../../src/data/linear/out-of-fold.ts';
import { pairNumbers } from '../../../src/data/linear/pair-numbers.ts';
import type { SparseMatrix } from '../../../src/data/linear/sparse.ts';
import { countTerms, wordsOf } from '../../../src/data/linear/terms.ts';
import { tfidf } from '../../../src/data/linear/tfidf.ts';
import { root } from '../../helpers/quickstart.ts';

type Rows = readonly (readonly (number | null)[])[];

/** Made by test/fixtures/linear/make.py with scikit-learn. */
const reference = JSON.parse(readFileSync(join(root, 'test/fixtures/linear/linear.json'), 'utf8')) as {
  readonly texts: readonly string[];
  readonly asked: readonly string[];
  readonly terms: number;
  readonly counts: readonly number[];
  readonly products: Rows;
  readonly asked_products: Rows;
  readonly two: { readonly targets: readonly number[]; readonly probabilities: readonly number[]; readonly length: number; readonly intercept: number };
  readonly three: { readonly targets: readonly number[]; readonly probabilities: Rows };
  readonly soft: { readonly targets: Rows; readonly probabilities: Rows };
  readonly labels: { readonly targets: Rows; readonly probabilities: Rows };
  readonly numbers: { readonly targets: Rows; readonly predictions: Rows };
  readonly weighted: {
    readonly weights: readonly number[];
    readonly two: readonly number[];
    readonly three: Rows;
    readonly labels: Rows;
    readonly numbers: Rows;
  };
  readonly ranks: { readonly targets: readonly number[]; readonly above: Rows };
};

const nothing = (): void => {};
const rows = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
const known = reference.texts.length;
const counted = countTerms([...reference.texts, ...reference.asked], Infinity, nothing);
const { columns, vectors } = tfidf(counted, rows(0, known), 1e6);
const [x, asked] = [vectors(rows(0, known)), vectors(rows(known, counted.texts))];

function products(a: SparseMatrix, b: SparseMatrix): number[][] {
  const dense = (of: SparseMatrix, row: number): Float64Array => {
    const all = new Float64Array(of.columns);
    for (let at = of.offsets[row]!; at < of.offsets[row + 1]!; at++) all[of.indices[at]!] = of.values[at]!;
    return all;
  };
  return Array.from({ length: a.rows }, (_, i) =>
    Array.from({ length: b.rows }, (__, j) => dense(b, j).reduce((sum, value, k) => sum + value * dense(a, i)[k]!, 0)),
  );
}

function furthest(a: ArrayLike<number>, b: readonly (number | null)[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? NaN))));
}

const flat = (values: Rows): Float64Array => Float64Array.from(values.flat(), (value) => value ?? NaN);

function answered(about: LinearTargets, values: Float64Array): { readonly width: number; readonly numbers: Float64Array } {
  return learned(about, { x, targets: { width: values.length / known, values }, asked, onStep: nothing });
}

describe('TF-IDF', () => {
  it('counts the terms of odd texts as scikit-learn does', () => {
    expect(columns).toBe(reference.terms);
    const totals = reference.texts.map((_, text) =>
      counted.counts.subarray(counted.offsets[text], counted.offsets[text + 1]).reduce((sum, times) => sum + times, 0),
    );
    expect(totals).toEqual(reference.counts);
  });

  it('weights them as scikit-learn does, also in texts that were not learned from', () => {
    expect(furthest(products(x, x).flat(), reference.products.flat())).toBeLessThan(1e-9);
    expect(furthest(products(asked, x).flat(), reference.asked_products.flat())).toBeLessThan(1e-9);
  });

  it('keeps the most frequent terms of the rows that it learns from', () => {
    const few = countTerms(['one one two', 'two three', 'four four four four'], Infinity, nothing);
    const { columns: kept, vectors: of } = tfidf(few, Int32Array.of(0, 1), 2);
    expect(kept).toBe(2);
    expect([...of(Int32Array.of(0, 1, 2)).offsets]).toEqual([0, 2, 3, 3]);
  });

  it('takes words up to a number of characters, and no more different terms than it has room for', () => {
    expect(countTerms(['one two three'], 7, nothing).vocabulary).toBe(3);
    expect(countTerms(['one two three', 'one four'], Infinity, nothing, 4)).toMatchObject({ vocabulary: 4, offsets: Int32Array.of(0, 4, 5) });
    expect(wordsOf('A 我们 x-ray')).toEqual(['我们', 'ray']);
  });

  it('takes the words of the two texts of a pair for different ones, and counts those that both have', () => {
    const pair = countTerms([['one two', 'two three'], ['three', 'three']], Infinity, nothing);
    // one, two, one two | two, three, two three | two; three | three | three
    expect(pair).toMatchObject({ vocabulary: 9, offsets: Int32Array.of(0, 7, 10) });
  });

  it('numbers pairs of words, however many there are', () => {
    const pairs = pairNumbers();
    let next = 0;
    const number = (i: number): number => pairs.numberOf(i % 211, i % 97, () => next++);
    const first = Array.from({ length: 6000 }, (_, i) => number(i));
    expect(next).toBe(6000);
    expect(first).toEqual(Array.from({ length: 6000 }, (_, i) => number(i)));
    expect(next).toBe(6000);
  });
});

describe('linear models on it', () => {
  it('are logistic regression for two classes', () => {
    const { targets, probabilities, length, intercept } = reference.two;
    const y = Float64Array.from(targets);
    const weights = minimum(linearObjective(x, y, logisticLoss), nothing);
    expect(Math.sqrt(weights.subarray(0, columns).reduce((sum, w) => sum + w * w, 0))).toBeCloseTo(length, 6);
    expect(weights[columns]).toBeCloseTo(intercept, 6);
    expect(furthest(answered({ kind: 'classes', count: 2 }, y).numbers, probabilities)).toBeLessThan(1e-6);
  });

  it('are multinomial regression for more, also of probabilities', () => {
    const three = answered({ kind: 'classes', count: 3 }, Float64Array.from(reference.three.targets));
    expect(furthest(three.numbers, reference.three.probabilities.flat())).toBeLessThan(1e-6);
    const soft = answered({ kind: 'classes', count: 3 }, flat(reference.soft.targets));
    expect(furthest(soft.numbers, reference.soft.probabilities.flat())).toBeLessThan(1e-6);
  });

  it('are a regression for each label and each number, from the rows where it is known', () => {
    const labels = answered({ kind: 'labels' }, flat(reference.labels.targets));
    expect(furthest(labels.numbers, reference.labels.probabilities.flat())).toBeLessThan(1e-6);
    const numbers = answered({ kind: 'numbers' }, flat(reference.numbers.targets));
    expect(furthest(numbers.numbers, reference.numbers.predictions.flat())).toBeLessThan(1e-5);
  });

  it('weigh rows as sample_weight does, among the rows where a target is known', () => {
    const { weights: all, ...expected } = reference.weighted;
    const weights = Float64Array.from(all);
    const weighed = (about: LinearTargets, values: Float64Array): Float64Array =>
      learned(about, { x, targets: { width: values.length / known, values }, weights, asked, onStep: nothing }).numbers;
    const plain = (values: readonly number[]): Float64Array => Float64Array.from(values);
    expect(furthest(weighed({ kind: 'classes', count: 2 }, plain(reference.two.targets)), expected.two)).toBeLessThan(1e-6);
    expect(furthest(weighed({ kind: 'classes', count: 3 }, plain(reference.three.targets)), expected.three.flat())).toBeLessThan(1e-6);
    expect(furthest(weighed({ kind: 'labels' }, flat(reference.labels.targets)), expected.labels.flat())).toBeLessThan(1e-6);
    expect(furthest(weighed({ kind: 'numbers' }, flat(reference.numbers.targets)), expected.numbers.flat())).toBeLessThan(1e-5);
  });

  it('are a regression for each threshold of ranks', () => {
    const { width, numbers } = answered({ kind: 'ranks', count: 3 }, Float64Array.from(reference.ranks.targets));
    const expected = reference.ranks.above.map(([first, second]) => [first!, Math.min(first!, second!)]);
    expect(width).toBe(2);
    expect(furthest(numbers, expected.flat())).toBeLessThan(1e-6);
  });

  it('give a class that no row has no chance, and the only one all', () => {
    const some = Float64Array.from({ length: known }, (_, row) => (row % 2 === 0 ? 0 : 3));
    const { numbers } = answered({ kind: 'classes', count: 4 }, some);
    for (let row = 0; row < asked.rows; row++) {
      const [a, b, c, d] = numbers.subarray(4 * row, 4 * row + 4);
      expect([b, c]).toEqual([0, 0]);
      expect(a! + d!).toBeCloseTo(1, 12);
    }
    expect([...answered({ kind: 'classes', count: 4 }, new Float64Array(known).fill(2)).numbers.subarray(0, 4)]).toEqual([0, 0, 1, 0]);
    expect([...answered({ kind: 'classes', count: 2 }, new Float64Array(known)).numbers]).toEqual([0, 0, 0, 0, 0]);
    const label = answered({ kind: 'labels' }, Float64Array.from({ length: known }, (_, row) => (row === 3 ? 1 : NaN)));
    expect([...label.numbers]).toEqual([1, 1, 1, 1, 1]);
    expect([...answered({ kind: 'labels' }, new Float64Array(known).fill(NaN)).numbers]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
  });

  it('answer where no text has a word', () => {
    const empty = countTerms(['', '!', '?'], Infinity, nothing);
    const { vectors: of } = tfidf(empty, Int32Array.of(0, 1), 10);
    const lesson = { x: of(Int32Array.of(0, 1)), targets: { width: 1, values: Float64Array.of(0, 1) }, asked: of(Int32Array.of(2)), onStep: nothing };
    expect([...learned({ kind: 'classes', count: 2 }, lesson).numbers]).toEqual([0.5]);
  });
});

describe('what is said out of fold', () => {
  const texts = ['good film', 'bad film', 'good book', 'bad book', 'good', 'bad'];
  const targets = { width: 1, values: Float64Array.of(1, 0, 1, 0, 1, 0) };
  const options = { mostCharacters: Infinity, onDivision: nothing, onStep: nothing };
  const halves = [
    { trained: Int32Array.of(0, 1), asked: Int32Array.of(2, 3, 5) },
    { trained: Int32Array.of(2, 3), asked: Int32Array.of(0, 3) },
  ];

  it('is of the rows that were asked about, the mean where one was asked about twice', () => {
    const answer = linearAnswers(texts, targets, halves, { kind: 'classes', count: 2 }, options);
    expect([...answer.rows]).toEqual([0, 2, 3, 5]);
    const alone = halves.map((half) => linearAnswers(texts, targets, [half], { kind: 'classes', count: 2 }, options));
    expect(answer.numbers[2]).toBeCloseTo((alone[0]!.numbers[1]! + alone[1]!.numbers[1]!) / 2, 12);
    expect(answer.numbers[0]).toBeGreaterThan(0.5);
    expect(answer.numbers[3]).toBeLessThan(0.5);
  });

  it('takes the weights of the rows that it learns from', () => {
    const said = (weights: Float64Array): number[] => [
      ...linearAnswers(texts, targets, [{ trained: Int32Array.of(0, 3), asked: Int32Array.of(4) }], { kind: 'classes', count: 2 }, { ...options, weights }).numbers,
    ];
    const [plain] = linearAnswers(texts, targets, [{ trained: Int32Array.of(0, 3), asked: Int32Array.of(4) }], { kind: 'classes', count: 2 }, options).numbers;
    expect(said(Float64Array.of(1, 9, 9, 1, 9, 9))).toEqual([plain]);
    expect(said(Float64Array.of(3, 0, 0, 1, 0, 0))[0]).toBeGreaterThan(plain!);
  });

  it('stops where it is asked to', () => {
    let steps = 0;
    const onStep = (): void => {
      if (++steps === 8) throw new Error('stopped');
    };
    expect(() => linearAnswers(texts, targets, halves, { kind: 'classes', count: 2 }, { ...options, onStep })).toThrow('stopped');
  });
});

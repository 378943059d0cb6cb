import { describe, expect, test } from 'vitest';
import { openTask, weighing, withLoss, type Task } from '../../../src/tasks/index.ts';
import { encoded, lossOf } from '../../../src/tasks/rows.ts';
import type { LossOptions } from '../../../src/tasks/task.ts';
import { usualLoss } from '../../../src/config/index.ts';

const auto = { name: 'auto', label_smoothing: 0, class_weights: null, pos_weight: null } as const;
const focal = { name: 'focal', focal_gamma: 2, focal_alpha: null, class_weights: null } as const;
const two = openTask({ classes: ['ham', 'spam'] });
const three = openTask({ classes: ['a', 'b', 'c'] });
const targets = { width: 1, values: Float64Array.of(0, 0, 0, 1) };
const ofThree = { width: 1, values: Float64Array.of(0, 1, 2, 2) };
const x = [-1, 0.5, 2, 1.5];
const x3 = [1, 0, -1, 0, 2, 0.5, 0.3, 0.1, -0.2, -1, 1, 2];

const logSigmoid = (v: number): number => -Math.log1p(Math.exp(-v));
const logSoftmax = (row: readonly number[]): readonly number[] => {
  const total = Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
  return row.map((v) => v - total);
};
const trained = (task: Task, options: LossOptions, of = task === two ? targets : ofThree): Task => withLoss(task, options, of);
const problemsOf = (task: Task, options: LossOptions): readonly unknown[] => {
  try {
    trained(task, options);
  } catch (error) {
    return (error as { readonly problems: readonly unknown[] }).problems;
  }
  return [];
};

describe('the loss of two classes', () => {
  test('is the usual one where nothing is asked for', () => {
    expect(trained(two, usualLoss)).toBe(two);
    for (const name of ['bce', 'cross-entropy'] as const)
      expect(lossOf(trained(two, { ...auto, name } as LossOptions), x, targets)).toBe(lossOf(two, x, targets));
  });

  test('weighs classes, balanced as scikit-learn has it, and divides by the weights', () => {
    const [ham, spam] = [4 / (2 * 3), 4 / 2];
    const expected = (-ham * (logSigmoid(1) + logSigmoid(-0.5) + logSigmoid(-2)) - spam * logSigmoid(1.5)) / (3 * ham + spam);
    expect(lossOf(trained(two, { ...auto, class_weights: 'balanced' }), x, targets)).toBeCloseTo(expected, 12);
    expect(lossOf(trained(two, { ...auto, class_weights: { ham, spam } }), x, targets)).toBeCloseTo(expected, 12);
    const left = trained(two, { ...auto, class_weights: { spam: spam / ham } });
    expect(lossOf(left, x, targets)).toBeCloseTo(expected, 12);
  });

  test('weighs the second class by pos_weight and divides by the rows', () => {
    const by = (p: number): number => -(logSigmoid(1) + logSigmoid(-0.5) + logSigmoid(-2) + p * logSigmoid(1.5)) / 4;
    expect(lossOf(trained(two, { ...auto, pos_weight: 5 }), x, targets)).toBeCloseTo(by(5), 12);
    expect(lossOf(trained(two, { ...auto, pos_weight: 'balanced' }), x, targets)).toBeCloseTo(by(3), 12);
  });

  test('smooths to y(1 − e) + e/2', () => {
    expect([...encoded(trained(two, { ...auto, label_smoothing: 0.2 }), targets)].map((y) => Math.fround(y))).toEqual(
      [0.1, 0.1, 0.1, 0.9].map(Math.fround),
    );
    const even = trained(two, { ...auto, label_smoothing: 1 });
    expect([...encoded(even, targets)]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  test('that is focal with gamma 0 is the plain one', () => {
    expect(lossOf(trained(two, { ...focal, focal_gamma: 0 }), x, targets)).toBeCloseTo(lossOf(two, x, targets), 12);
    expect(lossOf(trained(three, { ...focal, focal_gamma: 0 }), x3, ofThree)).toBeCloseTo(lossOf(three, x3, ofThree), 12);
  });

  test('with a weight of 0 leaves a class out', () => {
    const only = trained(two, { ...auto, class_weights: { ham: 0 } });
    expect(lossOf(only, x, targets)).toBeCloseTo(-logSigmoid(1.5), 12);
    expect(weighing(only, targets, undefined)?.total(Int32Array.of(0, 1, 2, 3))).toBe(1);
  });
});

describe('the loss of more classes', () => {
  test('has weights and smoothing as CrossEntropyLoss', () => {
    const [w, e] = [[0.5, 2, 1], 0.3];
    const rows = [0, 1, 2, 3].map((row) => logSoftmax(x3.slice(3 * row, 3 * row + 3)));
    const terms = rows.map((q, row) => {
      const y = ofThree.values[row]!;
      const spread = q.reduce((sum, of, c) => sum - w[c]! * of, 0);
      return (1 - e) * -w[y]! * q[y]! + (e / 3) * spread;
    });
    const expected = terms.reduce((sum, of) => sum + of, 0) / (0.5 + 2 + 1 + 1);
    const task = trained(three, { ...auto, label_smoothing: e, class_weights: { a: 0.5, b: 2 } });
    expect(lossOf(task, x3, ofThree)).toBeCloseTo(expected, 6); // targets are float32
  });

  test('that is focal is divided by the rows, whatever the classes weigh', () => {
    const task = trained(three, { ...focal, class_weights: { a: 4 } });
    const rows = [0, 1, 2, 3].map((row) => logSoftmax(x3.slice(3 * row, 3 * row + 3))[ofThree.values[row]!]!);
    const expected = rows.reduce((sum, log, row) => sum - (row === 0 ? 4 : 1) * (1 - Math.exp(log)) ** 2 * log, 0) / 4;
    expect(lossOf(task, x3, ofThree)).toBeCloseTo(expected, 12);
  });

  test('is measured of predictions too, whose logits are gone', () => {
    const task = trained(three, { ...auto, label_smoothing: 0.1, class_weights: 'balanced' });
    const loss = task.metrics.find(({ name }) => name === 'loss')!;
    expect(loss.of(ofThree, task.predict(Float32Array.from(x3)))).toBeCloseTo(lossOf(task, Float32Array.from(x3), ofThree), 6);
    expect(task.metric('loss')).toBe(loss);
    expect(task.metrics.map(({ name }) => name)).toEqual(three.metrics.map(({ name }) => name));
  });
});

test.each([
  [two, { ...auto, class_weights: { Spam: 2 } }, [{ field: 'training.loss.class_weights.Spam', suggestion: 'spam' }]],
  [two, { ...auto, class_weights: { ham: 0, spam: 0 } }, [{ field: 'training.loss.class_weights' }]],
  [two, { ...auto, pos_weight: { spam: 2 } }, [{ field: 'training.loss.pos_weight' }]],
  [three, { ...auto, pos_weight: 2 }, [{ field: 'training.loss.pos_weight' }]],
  [three, { ...auto, name: 'bce' }, [{ field: 'training.loss.name', suggestion: 'cross-entropy' }]],
  [three, { ...focal, focal_alpha: 0.25 }, [{ field: 'training.loss.focal_alpha' }]],
] as const)('what the classes have no use for is refused: %#', (task, options, problems) => {
  expect(problemsOf(task, options)).toMatchObject(problems);
});

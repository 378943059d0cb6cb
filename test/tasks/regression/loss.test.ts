import { expect, it } from 'vitest';
import { encoded, lossOf, measured, openTask, taskProblem, withLoss } from '../../../src/tasks/index.ts';
import { regression } from '../../../src/tasks/regression/task.ts';

const task = regression({ columns: ['share'], mean: [0.5], sd: [0.25] });
const targets = { width: 1, values: Float64Array.of(0, 0.25, 1) };
const logits = Float32Array.of(-1, 0.5, 3);
const distances = [-1 - -2, 0.5 - -1, 3 - 2]; // from (y − 0.5) / 0.25

it.each([
  [{ name: 'mse' } as const, (r: number) => r * r],
  [{ name: 'mae' } as const, Math.abs],
  [{ name: 'huber', huber_delta: 1.2 } as const, (r: number) => (Math.abs(r) < 1.2 ? (r * r) / 2 : 1.2 * (Math.abs(r) - 0.6))],
])('numbers are trained by %j of standardized targets, and predicted as ever', (options, of) => {
  const trained = withLoss(task, options, targets);
  expect(lossOf(trained, logits, targets)).toBeCloseTo(distances.map(of).reduce((sum, value) => sum + value, 0) / 3, 6);
  expect(measured(trained, targets, trained.predict(logits))['loss']).toBeCloseTo(lossOf(trained, logits, targets), 6);
  expect(trained.description).toEqual(task.description);
  expect(trained.predict(logits)).toEqual(task.predict(logits));
});

it('bce takes numbers from 0 to 1 as they are, and predicts such numbers in any tool', () => {
  const trained = withLoss(task, { name: 'bce', label_smoothing: 0, class_weights: null, pos_weight: null }, targets);
  const sigmoids = Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));
  expect([...encoded(trained, targets)]).toEqual([0, 0.25, 1]);
  expect([...trained.predict(logits).numbers]).toEqual(sigmoids);
  expect([...trained.published.predict(logits).numbers]).toEqual(sigmoids);
  expect(trained.published.scale).toBeUndefined();
  expect(trained.published.config['problem_type']).toBe('multi_label_classification');
  const expected = [0, 0.25, 1].map((y, i) => -y * Math.log(sigmoids[i]!) - (1 - y) * Math.log(1 - sigmoids[i]!));
  expect(lossOf(trained, logits, targets)).toBeCloseTo(expected.reduce((sum, value) => sum + value, 0) / 3, 6);
  expect(measured(trained, targets, trained.predict(logits))['loss']).toBeCloseTo(lossOf(trained, logits, targets), 6);
  expect(taskProblem(trained.description, 'x')).toBeUndefined();
  expect(openTask(trained.description).predict(logits)).toEqual(trained.predict(logits));
});

it('bce is refused where a number is beyond', () => {
  const beyond = { width: 1, values: Float64Array.of(0, 1.5, NaN) };
  const options = { name: 'bce', label_smoothing: 0, class_weights: null, pos_weight: null } as const;
  expect(() => withLoss(task, options, beyond)).toThrow(
    expect.objectContaining({
      code: 'data',
      problems: [
        {
          message: 'training.loss.name is bce, which needs numbers from 0 to 1, but the column "share" has 1.5',
          field: 'training.loss.name',
        },
      ],
    }),
  );
});

import { describe, expect, it } from 'vitest';
import { parseTable } from '../../../src/data/tables/table.ts';
import { writeCsv } from '../../../src/data/tables/formats/csv.ts';
import { encoded, lossOf, measured, openTask, readPredictions, readTargets, taskProblem, type Task } from '../../../src/tasks/index.ts';
import { regression } from '../../../src/tasks/regression/task.ts';

const one = regression({ columns: ['score'], mean: [40], sd: [5] });
const two = regression({ columns: ['a', 'b'], mean: [1, -200], sd: [0.5, 30] });

describe.each([
  ['one column', one, [0.5, -2, 1.25], [41, 33, 45]],
  ['two columns', two, [0.5, -1, 2, 0, 0.25, 1], [1, -190, 2.5, -222, 0, -180.125]],
] as const)('a regression of %s', (_, task: Task, values, numbers) => {
  const logits = Float32Array.from(values);
  const targets = { width: task.outputs, values: Float64Array.from(numbers) };
  const predictions = task.predict(logits);

  it('has the loss of standardized targets, of logits and of predictions alike', () => {
    const { mean, sd } = task.description as { readonly mean: readonly number[]; readonly sd: readonly number[] };
    const errors = numbers.map((y, i) => (values[i]! - (y - mean[i % task.outputs]!) / sd[i % task.outputs]!) ** 2);
    const expected = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(lossOf(task, logits, targets)).toBeCloseTo(expected, 6);
    expect(measured(task, targets, predictions)['loss']).toBeCloseTo(expected, 12);
    expect(encoded(task, targets)[0]).toBeCloseTo((numbers[0] - mean[0]!) / sd[0]!, 6);
  });

  it('predicts in the unit of the targets, and gives the numbers away as they are', () => {
    const { mean, sd } = task.published.scale!;
    const given = values.map((z, i) => mean[i % task.outputs]! + sd[i % task.outputs]! * z);
    expect([...predictions.numbers]).toEqual(given);
    expect([...task.published.predict(Float32Array.from(given)).numbers]).toEqual([...Float32Array.from(given)]);
    expect(task.published.config).toMatchObject({ problem_type: 'regression', num_labels: task.outputs });
  });

  it('measures what it lists, and knows which values are better', () => {
    expect(Object.keys(measured(task, targets, predictions))).toEqual(task.metrics.map(({ name }) => name));
    const low = task.metrics.filter(({ better }) => better === 'low').map(({ name }) => name);
    expect(low).toEqual(task.outputs === 1 ? ['loss', 'rmse', 'mae'] : ['loss', 'mcrmse', 'rmse', 'mae']);
    for (const { name } of task.metrics) expect(task.unmeasured(name)).toBeUndefined();
    expect(task.unmeasured('f1_macro')?.instead).toBe(task.usualMetric);
  });

  it('reads back to the digit what it writes, and is opened from its description', async () => {
    const again = openTask(JSON.parse(JSON.stringify(task.description)) as Task['description']);
    const { columns } = task;
    const rows = Array.from({ length: 3 }, (__, row) => [
      row,
      ...columns.targetCells(targets)(row),
      ...columns.predictionCells(predictions)(row),
    ]);
    const table = await parseTable(Buffer.from(writeCsv(['id', ...columns.targets, ...columns.predictions], rows)), 'oof.csv', 'csv');
    expect(readTargets(table, again.columns, 1)).toEqual(targets);
    expect(readPredictions(table, again.columns, 1 + columns.targets.length)).toEqual(predictions);
    expect(again.predict(logits)).toEqual(predictions);
  });

  it('compares rows by how near they come', () => {
    const [perfect, own] = [task.right(targets, { width: task.outputs, numbers: targets.values }), task.right(targets, predictions)];
    expect([...perfect].every((closeness) => Object.is(closeness, -0) || closeness === 0)).toBe(true);
    expect([...own].every((closeness) => closeness < 0)).toBe(true);
  });
});

describe('numbers that are not known', () => {
  const partial = regression({ columns: ['a', 'b'], mean: [1, -200], sd: [0.5, 30], partial: true });

  it('have no part in the loss that is trained with, whatever the model says of them', () => {
    const loss = (unknown: number): number => lossOf(partial, Float32Array.of(1, unknown, unknown, 1, 2, -1), targets);
    expect(loss(0)).toBeCloseTo(measured(partial, targets, partial.predict(Float32Array.of(1, 0, 0, 1, 2, -1)))['loss']!, 6);
    expect(loss(100)).toBe(loss(0));
    expect(openTask(partial.description).weights).toBeDefined();
    expect(openTask(two.description).weights).toBeUndefined();
  });

  const targets = { width: 2, values: Float64Array.of(1, NaN, NaN, -200, 2, -230) };
  const numbers = Float64Array.of(1.5, 7, 9, -170, 2, -230);

  it('have no part in loss and metrics', () => {
    const found = measured(two, targets, { width: 2, numbers });
    expect(found['loss']).toBeCloseTo((1 + 1) / 4, 12); // one deviation each of four known numbers
    expect(found['mcrmse']).toBeCloseTo((Math.sqrt(0.25 / 2) + Math.sqrt(900 / 2)) / 2, 12);
    expect([...two.right(targets, { width: 2, numbers })]).toEqual([-1, -1, -0]);
  });

  it('are written as empty cells and read as such', async () => {
    const rows = [0, 1, 2].map((row) => [row, ...two.columns.targetCells(targets)(row)]);
    const table = await parseTable(Buffer.from(writeCsv(['id', ...two.columns.targets], rows)), 'oof.csv', 'csv');
    expect(readTargets(table, two.columns, 1)).toEqual(targets);
  });
});

it.each([
  [{ columns: [], mean: [], sd: [] }, /one mean and one deviation for each column/],
  [{ columns: ['a'], mean: [1, 2], sd: [1] }, /one mean and one deviation for each column/],
  [{ columns: ['a'], mean: [1], sd: [0] }, /sd\[0\] is 0, not a number above 0/],
  [{ columns: ['a'], mean: ['x'], sd: [1] }, /mean\[0\] is "x", not a number/],
])('the description %j is refused', (description, message) => {
  expect(taskProblem({ task: 'regression', ...description }, 'x')).toMatch(message);
});

describe('a submission', () => {
  const column = (name: string, ...values: readonly string[]) => ({ name, values });
  const predictions = { width: 2, numbers: Float64Array.of(1.25, -190.5, 2, -200) };

  it('takes one number whatever the column is called and holds', () => {
    const writer = one.submissionValues({ width: 1, numbers: Float64Array.of(41.5) }, [column('Predicted', '0')]);
    expect(typeof writer === 'string' ? writer : writer(0, 'Predicted')).toBe(41.5);
  });

  it('takes several by their names, in the order of the sample', () => {
    const writer = two.submissionValues(predictions, [column('b', '0'), column('a', '0')]);
    expect(typeof writer === 'string' ? writer : ['b', 'a'].map((name) => writer(1, name))).toEqual([-200, 2]);
  });

  it('is refused where a column is none of the targets', () => {
    expect(two.submissionValues(predictions, [column('a', '0'), column('bb', '0')])).toMatch(/column "bb".*nearest to "b"/);
    const single = { width: 1, numbers: Float64Array.of(1) };
    expect(one.submissionValues(single, [column('x', '0'), column('y', '0')])).toMatch(/one column was expected/);
  });
});

it('predictions that are all the same are told', () => {
  expect(one.constantPredictions({ width: 1, numbers: Float64Array.of(3, 3.0001) })).toMatch(/the same number/);
  expect(one.constantPredictions({ width: 1, numbers: Float64Array.of(3, 4) })).toBeUndefined();
  expect(two.constantPredictions({ width: 2, numbers: Float64Array.of(3, 1, 4, 1) })).toMatch(/the same b$/);
});

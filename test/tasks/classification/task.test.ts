import { describe, expect, it } from 'vitest';
import { parseTable } from '../../../src/data/tables/table.ts';
import { writeCsv } from '../../../src/data/tables/formats/csv.ts';
import { classTargets } from '../../../src/tasks/classification/labels.ts';
import { classification } from '../../../src/tasks/classification/task.ts';
import { encoded, lossOf, openTask, measured, readPredictions, readTargets, taskProblem, type Task } from '../../../src/tasks/index.ts';

const two = classification(['no', 'yes']);
const three = classification(['a', 'b', 'c']);

describe.each([
  ['two classes', two, [0.3, -2, 4], [0, 0, 1]],
  ['three classes', three, [1, 2, 0.5, -1, 0, 3, 2, 2, -4], [1, 2, 1]],
] as const)('a task of %s', (_, task: Task, values, labels) => {
  const logits = Float32Array.from(values);
  const targets = classTargets(labels);
  const predictions = task.predict(logits);

  it('has the loss that follows from its probabilities', () => {
    expect(lossOf(task, logits, targets)).toBeCloseTo(measured(task, targets, predictions)['loss']!, 6);
  });

  it('says the same from the logits that are given away', () => {
    const rows = labels.length;
    const given = task.published.asPair
      ? Float32Array.from({ length: 2 * rows }, (__, i) => (i % 2 === 0 ? 0 : values[(i - 1) / 2]!))
      : logits;
    expect(given.length).toBe(rows * task.published.outputs);
    const found = task.published.predict(given);
    expect(found.width).toBe(predictions.width);
    found.numbers.forEach((number, i) => expect(number).toBeCloseTo(predictions.numbers[i]!, 12));
  });

  it('measures what it lists, in that order, and the loss first', () => {
    expect(Object.keys(measured(task, targets, predictions))).toEqual(task.metrics.map(({ name }) => name));
    expect(task.metrics[0]?.name).toBe('loss');
    expect(task.metrics.filter(({ better }) => better === 'low').map(({ name }) => name)).toEqual(['loss']);
    for (const { name } of task.metrics) expect(task.unmeasured(name)).toBeUndefined();
  });

  it('reads back to the digit what it writes, and is opened from its description', async () => {
    const again = openTask(JSON.parse(JSON.stringify(task.description)) as Task['description']);
    const { columns } = task;
    const rows = labels.map((__, row) => [row, ...columns.targetCells(targets)(row), ...columns.predictionCells(predictions)(row)]);
    const table = await parseTable(Buffer.from(writeCsv(['id', ...columns.targets, ...columns.predictions], rows)), 'oof.csv', 'csv');
    expect(readTargets(table, again.columns, 1)).toEqual(targets);
    expect(readPredictions(table, again.columns, 1 + columns.targets.length)).toEqual(predictions);
  });

  it('writes a row for programs with a probability for every class', () => {
    const { prediction, probabilities } = task.objects(predictions)(0) as {
      readonly prediction: string;
      readonly probabilities: Readonly<Record<string, number>>;
    };
    const { classes } = task.description as { readonly classes: readonly string[] };
    expect(Object.keys(probabilities)).toEqual(classes);
    expect(Object.values(probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    expect(probabilities[prediction]).toBe(Math.max(...Object.values(probabilities)));
  });
});

describe('a metric', () => {
  it('is of the targets that it is given, whichever it was asked for before', () => {
    const predictions = { width: 1, numbers: Float64Array.of(0.2, 0.9) };
    const accuracy = two.metrics.find(({ name }) => name === 'accuracy')!;
    expect(accuracy.of(classTargets([0, 1]), predictions)).toBe(1);
    expect(accuracy.of(classTargets([1, 1]), predictions)).toBe(0.5);
    expect(accuracy.of(classTargets([0, 1]), predictions)).toBe(1);
  });
});

describe('the baseline', () => {
  it('gives every row the shares of the classes', () => {
    expect(two.baseline(classTargets([0, 1, 1, 1]), 2)).toEqual({ width: 1, numbers: Float64Array.of(0.75, 0.75) });
    expect(three.baseline(classTargets([0, 2, 2, 2]), 2)).toEqual({ width: 3, numbers: Float64Array.of(0.25, 0, 0.75, 0.25, 0, 0.75) });
  });
});

describe('a description', () => {
  it('is of classes unless it says otherwise, and is refused where it is none', () => {
    expect(taskProblem({ classes: ['a', 'b'] }, 'x')).toBeUndefined();
    expect(taskProblem({ classes: ['a'] }, 'x')).toBe('x.classes is ["a"], not two classes or more');
    expect(taskProblem({ classes: ['a', 3] }, 'x')).toBe('x.classes[1] is 3, not a text');
    expect(taskProblem({ task: 'poetry', classes: ['a', 'b'] }, 'x')).toBe('x.task is not the name of a task');
    expect(taskProblem({ task: 'toString' }, 'x')).toBe('x.task is not the name of a task');
  });
});

describe('targets for the loss', () => {
  it('are the class for two, and one-hot rows for more', () => {
    expect([...encoded(two, classTargets([1, 0]))]).toEqual([1, 0]);
    expect([...encoded(three, classTargets([2, 0]))]).toEqual([0, 0, 1, 1, 0, 0]);
  });
});

describe('a metric of two classes', () => {
  it('is not measured for three, and names the nearest', () => {
    expect(two.unmeasured('f1')).toBeUndefined();
    expect(three.unmeasured('f1')).toEqual({ reason: 'is measured for two classes only; the training rows have 3', instead: 'f1_macro' });
  });
});

describe('predictions of one class only', () => {
  it('are worth a word', () => {
    const sure = (p: number): { readonly width: number; readonly numbers: Float64Array } => ({
      width: 1,
      numbers: Float64Array.of(0.1, p),
    });
    expect(two.constantPredictions(sure(0.4))).toBe('gives every validation row the same class');
    expect(two.constantPredictions(sure(0.6))).toBeUndefined();
  });
});

describe('cells that were changed', () => {
  it.each([
    [['maybe'], { what: 'the target', cell: 'maybe', instead: "one of the run's classes" }],
    [[''], { what: 'the target', cell: '', instead: "one of the run's classes" }],
  ])('are named: target %j', (cells, misread) => {
    expect(two.columns.readTarget(cells)).toEqual(misread);
  });

  it.each([
    [['1.5', 'no'], { what: 'a probability', cell: '1.5' }],
    [[' ', 'no'], { what: 'a probability', cell: ' ' }],
    [['0.5', 'maybe'], { what: 'the prediction', cell: 'maybe', instead: "one of the run's classes" }],
  ])('are named: prediction %j', (cells, misread) => {
    expect(two.columns.readPrediction(cells)).toEqual(misread);
  });

  it('stop the reading with their line', async () => {
    const table = await parseTable(Buffer.from('id,probability,prediction\n0,0.5,no\n1,x,no\n'), 'predictions.csv', 'csv');
    expect(() => readPredictions(table, two.columns, 1)).toThrow('predictions.csv cannot be read: a probability in line 3 is "x"');
  });
});

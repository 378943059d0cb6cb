import { describe, expect, it } from 'vitest';
import { parseTable } from '../../../src/data/tables/table.ts';
import { writeCsv } from '../../../src/data/tables/formats/csv.ts';
import { encoded, lossOf, measured, openTask, readPredictions, readTargets, taskProblem, type Task } from '../../../src/tasks/index.ts';
import { gradesOf, gradesOfLogits, probabilitiesOf, ranksOf, scoresOf } from '../../../src/tasks/ordinal/grades.ts';
import { ordinal } from '../../../src/tasks/ordinal/task.ts';
import { describeShared } from '../../helpers/shared.ts';
import { readFloats } from '../../../src/engine/models/index.ts';
import { sharedTensors } from '../../engine/models/oracle-run.ts';

const coral = ordinal({ grades: ['1', '2', '3', '4'], counts: [10, 30, 40, 20], link: 'coral' });
const words = ordinal({ grades: ['low', 'mid', 'high'], counts: [1, 1, 1], link: 'cumulative' });

describeShared('predictions of thresholds', ['oracles2', 'losses', 'losses.json'], () => {
  it('are the probabilities and the expected rank of the reference', () => {
    const tensors = sharedTensors('oracles2', 'losses', 'losses.safetensors');
    const of = (name: string): Float32Array => readFloats(tensors, `ordinal_decode/${name}`);
    const predictions = gradesOfLogits(of('in/x'), [0, 1, 2, 3, 4]);
    const close = (found: Float64Array, expected: Float32Array) =>
      found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    close(probabilitiesOf(predictions), of('class_probabilities'));
    close(scoresOf(predictions), of('expected'));
  });
});

describe('predictions of thresholds', () => {
  it('are the steps between the chances of passing them, the expected grade, and how many are passed', () => {
    const predictions = gradesOf(Float64Array.of(0.9, 0.6, 0.2, 0.4, 0.3, 0.1, 0.8, 0.85, 0.5), [1, 2, 3, 4]);
    const expected = [0.1, 0.3, 0.4, 0.2, 2.7, 0.6, 0.1, 0.2, 0.1, 1.8, 0.2, 0, 0.3, 0.5, 3.15];
    predictions.numbers.forEach((number, i) => expect(number).toBeCloseTo(expected[i]!, 12));
    expect([...ranksOf(predictions)]).toEqual([2, 0, 2]);
  });

  it('are in the unit of the grades where these are numbers, and ranks from 0 where they are words', () => {
    const half = ordinal({ grades: ['1', '1.5', '3'], counts: [1, 1, 1], link: 'coral' });
    expect(scoresOf(half.predict(Float32Array.of(0, 0)))[0]).toBeCloseTo(1 + 0.25 + 0.75, 12);
    expect(scoresOf(words.predict(Float32Array.of(0, 0)))[0]).toBeCloseTo(1, 12);
  });
});

const logits = Float32Array.of(2, 0.5, -1, -0.5, -1, -3, 4, 3, 1);
const targets = { width: 1, values: Float64Array.of(1, 0, 3) };

describe.each([
  ['coral', coral, logits, targets],
  ['cumulative', words, Float32Array.of(2, -1, -0.5, -2, 3, 1), targets],
] as const)('a task of grades with the link %s', (link, task: Task, given, ofGiven) => {
  const own = link === 'coral' ? ofGiven : { width: 1, values: Float64Array.of(1, 0, 2) };
  const predictions = task.predict(given);

  it('has the loss that follows from its probabilities', () => {
    expect(lossOf(task, given, own)).toBeCloseTo(measured(task, own, predictions)['loss']!, 5);
    expect(task.ranks?.link).toBe(link);
  });

  it('is written and read to the digit, and opened from its description', async () => {
    const { columns } = openTask(JSON.parse(JSON.stringify(task.description)) as Task['description']);
    const rows = [0, 1, 2].map((row) => [row, ...columns.targetCells(own)(row), ...columns.predictionCells(predictions)(row)]);
    const head = ['id', ...columns.targets, ...columns.predictions];
    expect(head.slice(-2)).toEqual(['score', 'prediction']);
    const table = await parseTable(Buffer.from(writeCsv(head, rows)), 'oof.csv', 'csv');
    expect(readTargets(table, columns, 1)).toEqual(own);
    expect(readPredictions(table, columns, 2)).toEqual(predictions);
  });
});

describe('a task of grades', () => {
  it('holds a row against the thresholds that it has passed', () => {
    expect([...encoded(coral, targets)]).toEqual([1, 0, 0, 0, 0, 0, 1, 1, 1]);
  });

  it('starts from the shares of the grades in the training table, falling also where a grade is absent', () => {
    const { start = [] } = ordinal({ grades: ['a', 'b', 'c'], counts: [9, 0, 4], link: 'coral' }).ranks!;
    expect(start[0]).toBeCloseTo(Math.log(6 / 10), 12);
    expect(start[1]).toBeCloseTo(Math.log(5 / 11), 12);
  });

  it('is given away as an output for each threshold', () => {
    expect(coral.published).toMatchObject({ outputs: 3, asPair: false });
    expect(coral.published.config).toEqual({
      num_labels: 3,
      id2label: { '0': '>1', '1': '>2', '2': '>3' },
      label2id: { '>1': 0, '>2': 1, '>3': 2 },
      problem_type: 'multi_label_classification',
    });
  });

  it('measures agreement of grades, and correlations of scores', () => {
    const predictions = coral.predict(logits); // ranks 2, 0, 3 for 1, 0, 3
    const found = measured(coral, targets, predictions, ['kappa', 'pearson', 'balanced_accuracy', 'f1_weighted', 'mcc', 'log_loss', 'brier', 'ece']);
    expect([found['accuracy'], found['mae'], found['rmse']]).toEqual([2 / 3, 1 / 3, Math.sqrt(1 / 3)]);
    // scikit-learn 1.9.1: cohen_kappa_score([1, 0, 3], [2, 0, 3], weights='quadratic', labels=[0, 1, 2, 3])
    expect(found['qwk']).toBeCloseTo(0.896551724137931, 12);
    expect(found['spearman']).toBeCloseTo(1, 12);
    expect(Object.values(found).every(Number.isFinite)).toBe(true);
    expect(coral.metric('roc_auc')).toBeUndefined();
  });

  it('predicts the median where it knows no text', () => {
    const baseline = coral.baseline({ width: 1, values: Float64Array.of(0, 0, 1, 3, 3) }, 2);
    expect([...ranksOf(baseline)]).toEqual([1, 1]);
    expect(scoresOf(baseline)[0]).toBeCloseTo(1 + 7 / 5, 12);
    expect(probabilitiesOf(baseline)[0]).toBeCloseTo(0.4, 12);
  });

  it('is refused a metric that says nothing where all rows of a fold have one grade', () => {
    const divided = { targets: { width: 1, values: Float64Array.of(1, 1, 2, 3) }, foldOf: Int32Array.of(0, 0, 1, 1), folds: 2, trained: [0, 1] };
    const watching = (monitor: string) => coral.undefinedMetrics([{ field: 'm', monitor }], divided);
    expect(watching('val/qwk')?.problems[0]?.message).toBe('m is val/qwk, which says nothing in fold 0, whose validation rows all have the grade "2"');
    expect(watching('train/qwk')?.problems[0]?.message).toContain('in fold 1, whose training rows all have the grade "2"');
    expect(watching('val/mae')).toBeUndefined();
  });

  it('is not opened from what describes none', () => {
    expect(taskProblem({ task: 'ordinal', grades: ['1'], counts: [1] }, 'it')).toContain('two grades or more');
    expect(taskProblem({ task: 'ordinal', grades: ['1', '2'], counts: [1] }, 'it')).toBe('it.counts is not a number for each grade');
    expect(taskProblem({ task: 'ordinal', grades: ['1', '2'], counts: [1, 2], link: 'probit' }, 'it')).toContain('it.link');
  });
});

describe('the columns of a submission of grades', () => {
  const submitted = (task: Task, columns: Readonly<Record<string, readonly string[]>>) => {
    const predictions = task.predict(logits.subarray(0, task.outputs));
    const writer = task.submissionValues(predictions, Object.entries(columns).map(([name, values]) => ({ name, values })));
    return typeof writer === 'string' ? writer : Object.keys(columns).map((column) => writer(0, column));
  };

  it('get the grade as the table writes it, or as an integer where the sample has such', () => {
    expect(submitted(coral, { score: ['1', '1'] })).toEqual(['3']);
    expect(submitted(words, { grade: ['low', 'low'] })).toEqual(['high']);
    expect(submitted(ordinal({ grades: ['1.0', '2.0'], counts: [1, 1], link: 'coral' }), { score: ['0', '0'] })).toEqual(['2']);
    expect(submitted(words, { grade: ['0', '0'] })).toContain('holds integers');
  });

  it('get probabilities where they are named as grades', () => {
    const [low, high] = submitted(words, { low: ['0'], high: ['0'] }) as readonly number[];
    expect(low).toBeCloseTo(1 - 1 / (1 + Math.exp(-2)), 12);
    expect(high).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 12);
    expect(submitted(words, { low: ['0'], top: ['0'] })).toContain('one for each grade');
  });
});

import { describe, expect, it } from 'vitest';
import { parseTable } from '../../../src/data/tables/table.ts';
import { writeCsv } from '../../../src/data/tables/formats/csv.ts';
import { encoded, lossOf, measured, openTask, readPredictions, readTargets, taskProblem, withLoss, type Task } from '../../../src/tasks/index.ts';
import { multiLabel } from '../../../src/tasks/multi-label/task.ts';

const plain = multiLabel({ labels: ['toxic', 'spam'], separator: null, masked: false });
const masked = multiLabel({ labels: ['toxic', 'spam'], separator: null, masked: true });
const logits = Float32Array.of(2, -1, 0.5, 3, -2, -2);
const whole = { width: 2, values: Float64Array.of(1, 0, 0, 1, 0, 1) };
const partial = { width: 2, values: Float64Array.of(1, NaN, 0, 1, NaN, 1) };

describe.each([
  ['whose labels are all known', plain, whole],
  ['of which some are not known', masked, partial],
] as const)('a task of labels %s', (_, task: Task, targets) => {
  const predictions = task.predict(logits);

  it('has the loss that follows from its probabilities', () => {
    expect(lossOf(task, logits, targets)).toBeCloseTo(measured(task, targets, predictions)['loss']!, 6);
    expect(task.published.predict(logits)).toEqual(predictions);
  });

  it('is written and read to the digit, and opened from its description', async () => {
    const { columns } = openTask(JSON.parse(JSON.stringify(task.description)) as Task['description']);
    const rows = [0, 1, 2].map((row) => [row, ...columns.targetCells(targets)(row), ...columns.predictionCells(predictions)(row)]);
    const head = ['id', ...columns.targets, ...columns.predictions];
    expect(head.slice(1)).toEqual(
      ['target', 'probability', 'prediction'].flatMap((what) => ['toxic', 'spam'].map((label) => `${what}_${label}`)),
    );
    const table = await parseTable(Buffer.from(writeCsv(head, rows)), 'oof.csv', 'csv');
    expect(readTargets(table, columns, 1)).toEqual(targets);
    expect(readPredictions(table, columns, 3)).toEqual(predictions);
  });
});

describe('a task of labels', () => {
  it('encodes what is not known as a label that is not there, and weighs it nothing', () => {
    expect([...encoded(masked, partial)]).toEqual([1, 0, 0, 1, 0, 1]);
    const weights = new Float64Array(2);
    expect(masked.weights?.weigh(Float64Array.of(NaN, 1), weights)).toBe(1);
    expect([...weights]).toEqual([0, 1]);
  });

  it('weighs the labels that a row has by pos_weight, balanced by the rows in which each is known', () => {
    const losing = (pos_weight: 'balanced' | number | Readonly<Record<string, number>>, targets = whole) => {
      const trained = withLoss(masked, { name: 'bce', label_smoothing: 0, class_weights: null, pos_weight }, targets);
      return lossOf(trained, logits, partial);
    };
    // By hand: toxic is there in 1 of 2 known rows, spam in 2 of 2; four cells are known, and three of them true.
    const cells = [Math.log1p(Math.exp(-2)), Math.log1p(Math.exp(0.5)), Math.log1p(Math.exp(-3)), Math.log1p(Math.exp(2))];
    const mean = (factors: readonly number[]): number => cells.reduce((sum, cell, i) => sum + cell * factors[i]!, 0) / 4;
    expect(losing(3)).toBeCloseTo(mean([3, 1, 3, 3]), 6);
    expect(losing({ spam: 2 })).toBeCloseTo(mean([1, 1, 2, 2]), 6);
    expect(losing('balanced')).toBeCloseTo(mean([2, 1, 0.5, 0.5]), 6); // of whole: 1 of 3 rows, 2 of 3 rows
    expect(() => losing({ Spam: 2 })).toThrow('training.loss does not fit 2 labels');
  });

  it('measures the loss that it is trained by, of predictions too', () => {
    const trained = withLoss(masked, { name: 'bce', label_smoothing: 0, class_weights: null, pos_weight: { toxic: 3 } }, whole);
    const found = measured(trained, partial, trained.predict(logits))['loss'];
    expect(found).toBeCloseTo(lossOf(trained, logits, partial), 6);
    expect(Math.abs(found! - measured(masked, partial, masked.predict(logits))['loss']!)).toBeGreaterThan(0.01);
  });

  it('is divided into folds by its labels, those that are not known as if they were not there', () => {
    expect(masked.strata(partial).labels).toEqual({ width: 2, values: Uint8Array.of(1, 0, 0, 1, 0, 1) });
  });

  it('is what Transformers calls multi_label_classification', () => {
    expect(plain.published.config).toEqual({
      num_labels: 2,
      id2label: { '0': 'toxic', '1': 'spam' },
      label2id: { toxic: 0, spam: 1 },
      problem_type: 'multi_label_classification',
    });
  });

  it('says which labels a row has, and predicts their shares where it knows no text', () => {
    expect(plain.objects(plain.predict(logits))(1)).toMatchObject({ prediction: ['toxic', 'spam'] });
    expect([...masked.baseline(partial, 2).numbers]).toEqual([0.5, 1, 0.5, 1]);
    expect([...plain.right(whole, plain.predict(logits))]).toEqual([1, 0, 0]);
    expect([...masked.right(partial, masked.predict(logits))]).toEqual([1, 0, 0]);
  });

  it('measures what the schema lists for it, by name', () => {
    const named = ['precision_macro', 'recall_macro', 'f1_weighted', 'f1_samples', 'roc_auc_micro', 'log_loss', 'brier', 'ece'];
    const found = measured(plain, whole, plain.predict(logits), named);
    expect(Object.keys(found)).toEqual([...plain.metrics.map(({ name }) => name), ...named]);
    expect(Object.values(found).every(Number.isFinite)).toBe(true);
    expect(plain.metric('mcc')).toBeUndefined();
    expect(plain.unmeasured('accuracy')?.instead).toBe('subset_accuracy');
  });

  it('is not opened from what describes none', () => {
    expect(taskProblem({ task: 'multi-label', labels: [] }, 'it')).toContain('one label or more');
    expect(taskProblem({ task: 'multi-label', labels: ['a'], masked: 1 }, 'it')).toContain('it.masked');
    expect(taskProblem({ task: 'multi-label', labels: ['a'] }, 'it')).toBeUndefined();
  });
});

describe('the columns of a submission of labels', () => {
  const three = multiLabel({ labels: ['a', 'b', 'c'], separator: '|', masked: false });
  const predictions = { width: 3, numbers: Float64Array.of(0.1, 0.9, 0.6, 0.4, 0.3, 0.2) };
  const values = (columns: Readonly<Record<string, readonly string[]>>, asked?: Parameters<Task['submissionValues']>[2]) => {
    const writer = three.submissionValues(predictions, Object.entries(columns).map(([name, cells]) => ({ name, values: cells })), asked);
    return typeof writer === 'string' ? writer : Object.keys(columns).map((column) => [0, 1].map((row) => writer(row, column)));
  };

  it('get the probabilities of the labels that they are named as, or end in', () => {
    expect(values({ c: ['0', '1'], a: ['0', '0'] })).toEqual([[0.6, 0.2], [0.1, 0.4]]);
    expect(values({ is_a: ['0.5'], is_b: ['0.5'], is_c: ['0.5'] })).toEqual([[0.1, 0.4], [0.9, 0.3], [0.6, 0.2]]);
    expect(values({ is_a: ['0.5'], b: ['0.5'] })).toContain('columns named as labels were expected');
  });

  it('list the most probable labels, as many as the sample or as asked for', () => {
    expect(values({ tags: ['a b', 'c a'] })).toEqual([['b c', 'a b']]);
    expect(values({ tags: ['x', 'x'] }, { top: 1, separator: null })).toEqual([['b', 'a']]);
    expect(values({ tags: ['x', 'x'] }, { top: 2, separator: ';' })).toEqual([['b;c', 'a;b']]);
    expect(values({ tags: ['a', 'a|b'] })).toContain('list from 1 to 2 names');
    expect(values({ tags: ['0', '0'] })).toContain('is not named as one of the labels');
  });
});

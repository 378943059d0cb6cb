import { describe, expect, it } from 'vitest';
import { parseTable, type Table } from '../../../src/data/tables/table.ts';
import { writeCsv } from '../../../src/data/tables/formats/csv.ts';
import { classReader } from '../../../src/tasks/classification/reader.ts';
import { softClassification } from '../../../src/tasks/classification/soft/task.ts';
import { encoded, lossOf, measured, openTask, OUT_OF_FOLD, readPredictions, readTargets, targetsAs, withLoss, type Task } from '../../../src/tasks/index.ts';

const three = softClassification(['a', 'b', 'c']);
const two = softClassification(['no', 'yes']);
const targets = { width: 3, values: Float64Array.of(0.5, 0.3, 0.2, 0, 1, 0, 0.2, 0.2, 0.6, 0.4, 0.4, 0.2) };
const said = { width: 3, numbers: Float64Array.of(0.6, 0.3, 0.1, 0.25, 0.5, 0.25, 0.1, 0.7, 0.2, 1 / 3, 1 / 3, 1 / 3) };
const pairs = { width: 2, values: Float64Array.of(0.5, 0.5, 1, 0, 0.1, 0.9) };
const saidOfPairs = { width: 1, numbers: Float64Array.of(0.3, 0.2, 0.8) };

/** scikit-learn 1.9.1: log_loss of every class of each row, with the targets as sample_weight. */
const LOG_LOSS = { three: 1.091598973963664, two: 0.45508013762424754 };

const tableOf = (lines: readonly string[]): Promise<Table> => parseTable(Buffer.from(lines.join('\n')), 'soft.csv', 'csv');

describe('probabilities of classes as targets', () => {
  it('are what the loss is held against, of the logits and of the predictions', () => {
    expect([...encoded(three, targets)].slice(0, 3)).toEqual([0.5, 0.3, 0.2].map(Math.fround));
    expect([...encoded(two, pairs)]).toEqual([0.5, 0, Math.fround(0.9)]);
    expect(lossOf(three, said.numbers.map(Math.log), targets)).toBeCloseTo(LOG_LOSS.three, 6);
    for (const name of ['loss', 'log_loss']) {
      expect(three.metric(name)?.of(targets, said)).toBeCloseTo(LOG_LOSS.three, 12);
      expect(two.metric(name)?.of(pairs, saidOfPairs)).toBeCloseTo(LOG_LOSS.two, 12);
    }
  });

  it('are measured by their most probable class, the first of equal ones, otherwise', () => {
    expect(measured(three, targets, said)).toMatchObject({ accuracy: 0.75, recall_macro: expect.closeTo(2 / 3, 12) });
    expect(three.metric('map_at_2')?.of(targets, said)).toBe((1 + 1 + 1 / 2 + 1) / 4);
    expect([...three.right(targets, said)]).toEqual([1, 1, 0, 1]);
    expect([...three.strata(targets).of as Int32Array]).toEqual([0, 1, 2, 0]);
    expect(two.strata(pairs).tooFew(2, Int32Array.of(0, 1, 2))).toEqual([]);
  });

  it('are smoothed and weighed as single classes are', () => {
    const loss = { name: 'auto', label_smoothing: 0.3, class_weights: { a: 2 }, pos_weight: null } as const;
    const trained = withLoss(three, loss, targets);
    [0.45, 0.31, 0.24].forEach((share, k) => expect(encoded(trained, targets)[k]).toBeCloseTo(share, 6));
    const own = new Float64Array(1);
    expect(trained.weights?.weigh(Float64Array.of(0.5, 0.3, 0.2), own)).toBeCloseTo(1.5, 12);
  });

  it('have a baseline of their means', () => {
    const { width, numbers } = three.baseline(targets, 2);
    expect(width).toBe(3);
    [0.275, 0.475, 0.25, 0.275, 0.475, 0.25].forEach((mean, i) => expect(numbers[i]).toBeCloseTo(mean, 12));
    expect(two.baseline(pairs, 1).numbers[0]).toBeCloseTo(1.4 / 3, 12);
  });

  it.each([[three, targets, said], [two, pairs, saidOfPairs]] as const)('are written and read to the digit', async (task: Task, of, predictions) => {
    const again = openTask(JSON.parse(JSON.stringify(task.description)) as Task['description']);
    const { columns } = task;
    const rows = Array.from({ length: of.values.length / of.width }, (_, row) => [row, ...columns.targetCells(of)(row), ...columns.predictionCells(predictions)(row)]);
    const table = await tableOf(writeCsv(['id', ...columns.targets, ...columns.predictions], rows).split('\n'));
    expect(again.columns.targets).toEqual((task.description['classes'] as string[]).map((name) => `target_${name}`));
    expect(readTargets(table, again.columns, 1)).toEqual(of);
    expect(readPredictions(table, again.columns, 1 + of.width)).toEqual(predictions);
  });

  it('have a report that counts their most probable classes, and conflicts of these alone', () => {
    const texts = ['one', 'same', 'same', 'same'];
    const ids = ['1', '2', '3', '4'];
    const run = { words: OUT_OF_FOLD, outOfFold: { ids, folds: new Int32Array(4), targets, predictions: said }, metrics: {} };
    const alike = { ...targets, values: Float64Array.of(1, 0, 0, 0.9, 0.1, 0, 0.6, 0.4, 0, 0.8, 0.1, 0.1) };
    const shown = (of: typeof targets): string =>
      three.report({ ...run, texts: { examples: { ids, texts, targets: of, task: three } }, conflicts: [[1, 2, 3]] }).sections(() => undefined).map(({ body }) => body.markup).join();
    expect(three.report({ ...run, texts: { missing: '' }, conflicts: [] }).answer).toContain('3 of 4 texts are classified correctly');
    expect(shown(targets)).toContain('The same text has different classes: id 2 (b), id 4 (a).');
    expect(shown(alike)).toContain('No text occurs with different classes.');
  });
});

describe('a table with a column for each class', () => {
  const read = async (rows: readonly string[], header = 'text,a,b,c') => classReader.read(await tableOf([header, ...rows]), ['a', 'b', 'c']);

  it('has probabilities, which are divided by their sum where it is 1 but for rounding', async () => {
    const { targets: found, task, problems } = await read(['x,0.5,0.3,0.2', 'y,0.33,0.33,0.33', 'z, 1 ,0,0e0']);
    expect(problems).toEqual([]);
    expect(task.description).toEqual({ classes: ['a', 'b', 'c'], soft: true });
    expect([...found.values]).toEqual([0.5, 0.3, 0.2, 1 / 3, 1 / 3, 1 / 3, 1, 0, 0].map((share) => expect.closeTo(share, 12)));
  });

  it('is refused with its rows where that is not so', async () => {
    const { problems } = await read(['x,0.5,0.3,0.1', 'y,0.5,,0.5', 'z,-1,1,1', 'u,a,0,1', 'v,0.2,0.3,0.5']);
    expect(problems.map(({ message, row, field }) => [message, row, field])).toEqual([
      ['the sum of the probabilities is 0.9, not 1', 1, 'a'],
      ['the probability is missing', 2, 'b'],
      ['the probability "-1" is not a number from 0 to 1', 3, 'a'],
      ['the probability "a" is not a number from 0 to 1', 4, 'a'],
    ]);
  });

  it('is told what else it may be', async () => {
    const messageOf = async (...rows: string[]): Promise<string | undefined> => (await read(rows)).problems[0]?.message;
    expect(await messageOf('x,1,1,0', 'y,0,0,0')).toMatch(/is 2, not 1; for texts with several labels, set task: \{ name: multi-label \}$/);
    expect(await messageOf('x,no,NA,0', 'y,yes,NA,1')).toMatch(/a class that several columns make together has to stand in a column of its own$/);
    expect(await messageOf('x,3,0,1', 'y,2,2,2')).toMatch(/is 4, not 1; divide counts by their sum$/);
    expect(await messageOf('x,0.2,0.3,0.5', 'y,0.2,0.3,0.5')).toBe('all rows have the same probabilities; there is nothing to learn');
  });

  it('can be measured by one column of classes too', async () => {
    const table = await tableOf(['text,a,b,c,kind', 'x,0.5,0.4,0.1,b', 'y,0,0,1,c']);
    expect([...targetsAs(three, table, ['kind'], {}).targets.values]).toEqual([0, 1, 0, 0, 0, 1]);
    expect([...targetsAs(three, table, ['a', 'b', 'c'], {}).targets.values]).toEqual([0.5, 0.4, 0.1, 0, 0, 1]);
    expect(targetsAs(three, table, ['text'], {}).problems[0]?.message).toBe('the target "x" is not one of the run\'s classes');
  });
});

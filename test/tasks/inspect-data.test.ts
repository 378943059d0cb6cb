import { describe, expect, it } from 'vitest';
import type { TrainOptions } from '../../src/data/examples/examples.ts';
import { inspectData, trainExamples, type InspectionOptions } from '../../src/tasks/index.ts';
import { divide } from '../../src/data/folds/folds.ts';
import { columnsOf, readTable, requiredColumn } from '../../src/data/tables/table.ts';
import { loadTokenizer, type Tokenizer } from '../../src/data/tokens/tokens.ts';
import { describeShared, sharedPath } from '../helpers/shared.ts';
import { codesOf, named, tableOf } from '../data/findings/support.ts';

const used: TrainOptions = { id: 'id', text: 'text', target: 'target', conflicts: 'keep', duplicates: 'keep' };

const options: InspectionOptions = {
  data: { id: 'id', text: 'text', target: 'target', conflicts: 'keep' },
  split: { folds: 2, shuffle: true },
  model: { max_seq_length: 169 },
  training: { batch_size: 32, batching: 'length-buckets', padding: 'longest' },
};

describe('findings', () => {
  it('of rows that are all the same say so, warnings first, and that the model is not here', async () => {
    const train = await tableOf(
      'text,target',
      Array.from({ length: 6 }, (_, row) => ['same', row % 2]),
    );
    const findings = await inspectData(
      { table: columnsOf(train), examples: trainExamples(train, used), division: { count: 2, foldOf: [Int32Array.of(0, 0, 0, 1, 1, 1)] }, testTexts: null },
      options,
      null,
    );
    expect(codesOf(findings)).toEqual([
      'warning duplicate-texts',
      'warning conflicting-classes',
      'info class-balance',
      'info no-tokenizer',
    ]);
  });

  it.each([
    ['classification', 'class'],
    ['ordinal', 'grade'],
    ['regression', 'number'],
  ] as const)('of %s call the target of repeated texts a %s', async (name, word) => {
    const train = await tableOf('text,target', [1, 2, 1, 2, 1, 2].map((target) => ['same', target]));
    const task = name === 'ordinal' ? { name, grades: null, link: 'coral' as const } : { name };
    const examples = trainExamples(train, { ...used, task });
    const division = { count: 2, foldOf: [Int32Array.of(0, 0, 0, 1, 1, 1)] };
    const findings = await inspectData({ table: columnsOf(train), examples, division, testTexts: null }, options, null);
    expect(named(findings, 'duplicate-texts').remedy).toContain(`the same text and ${word}.`);
  });
});

describe('findings about weights', () => {
  const inspected = async (weights: readonly number[]) => {
    const train = await tableOf('text,target,w', weights.map((weight, row) => [`text ${row}`, row % 3, weight]));
    const examples = trainExamples(train, { ...used, weight: 'w' });
    const foldOf = [Int32Array.from(weights, (_, row) => row % 2)];
    const findings = await inspectData(
      { table: columnsOf(train), examples, division: { count: 2, foldOf }, testTexts: null },
      { ...options, data: { ...options.data, weight: 'w' } },
      null,
    );
    return findings.filter(({ code }) => code.includes('weight'));
  };

  it('say which rows and classes weigh nothing', async () => {
    const found = await inspected([1, 2, 0, 0, 1, 0, 1, 2, 0]);
    expect(codesOf(found)).toEqual(['warning weightless-class', 'info weightless-rows']);
    expect(named(found, 'weightless-class').message).toBe('all 3 rows of the class "2" have the weight 0, so nothing is learned of it');
    const alone = await inspected([1, 2, 0, 1, 1]);
    expect(named(alone, 'weightless-class').message).toBe('the only row of the class "2" has the weight 0, so nothing is learned of it');
    expect(named(found, 'weightless-rows')).toMatchObject({ count: 4, examples: [{ rows: [3] }, { rows: [4] }, { rows: [6] }] });
  });

  it('say that all are the same, or that a few have almost everything', async () => {
    expect(codesOf(await inspected([2, 2, 2, 2, 2, 2]))).toEqual(['info equal-weights']);
    const few = await inspected([1000, ...Array.from({ length: 29 }, () => 1)]);
    expect(codesOf(few)).toEqual(['warning few-weights']);
    expect(few[0]?.message).toContain('30 rows teach as surely as 1 of equal weight would');
    expect(await inspected([1, 2, 1, 2, 1, 2])).toEqual([]);
  });
});

describeShared('findings about tweets', ['data', 'disaster-tweets'], () => {
  const tweets = (name: string) => readTable(sharedPath('data', 'disaster-tweets', name)!);

  async function inspected(more: Partial<TrainOptions>, tokenizer: Tokenizer | null = null) {
    const [train, test] = [await tweets('train.csv'), await tweets('test.csv')];
    const examples = trainExamples(train, { ...used, ...more });
    const division = divide(
      { ...examples, strata: examples.task.strata(examples.targets) },
      { strategy: 'stratified-kfold', folds: 5, shuffle: true, seed: 42 },
    );
    const data = { ...options.data, conflicts: more.conflicts ?? 'keep' };
    return inspectData({ table: columnsOf(train), examples, division, testTexts: requiredColumn(test, 'text') }, { ...options, data, split: { folds: 5, shuffle: true } }, tokenizer);
  }

  it('are the known ones, and no alarm about keyword and location', async () => {
    const findings = await inspected(
      {},
      await loadTokenizer({ 'tokenizer.json': sharedPath('models', 'bert-base-uncased-tokenizer', 'tokenizer.json')! }),
    );
    expect(codesOf(findings)).toEqual([
      'warning duplicate-texts',
      'warning conflicting-classes',
      'warning test-texts-in-training',
      'info similar-texts',
      'info class-balance',
      'info cut-texts',
      'info padding',
    ]);
    expect(named(findings, 'duplicate-texts').count).toBe(110);
    expect(named(findings, 'conflicting-classes').count).toBe(18);
    expect(named(findings, 'test-texts-in-training').count).toBe(78);
    expect(named(findings, 'cut-texts').message).toContain('the longest has 84 tokens');
  });

  it('no longer warn of what groups and cleaning have settled', async () => {
    expect(codesOf(await inspected({ group_by: 'text', conflicts: 'majority' })).filter((code) => code.startsWith('warning'))).toEqual([
      'warning test-texts-in-training',
    ]);
    const dropped = await inspected({ conflicts: 'drop', duplicates: 'drop' });
    expect(codesOf(dropped).filter((code) => code.startsWith('warning'))).toEqual(['warning test-texts-in-training']);
    expect(named(dropped, 'cleaned-rows').message).toBe(
      'the configuration left out 55 rows whose text has other classes too (data.conflicts), left out 73 rows that an earlier row says already (data.duplicates)',
    );
  });
});

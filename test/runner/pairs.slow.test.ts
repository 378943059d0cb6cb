import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RandomState } from '../../src/core/random.ts';
import type { RunEvent } from '../../src/core/events.ts';
import { columnOf, readTable } from '../../src/data/tables/index.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/index.ts';
import { encodeTexts, loadTokenizer, tokensOf } from '../../src/data/tokens/index.ts';
import { runExperiment, type RunResult } from '../../src/runner/index.ts';
import { exportRun } from '../../src/runner/exports/index.ts';
import { predictTexts, textsOf } from '../../src/runner/models/index.ts';
import { readRun } from '../../src/runner/stored/index.ts';
import { ensemblePredictions } from '../../src/training/index.ts';
import { describePython } from '../helpers/python.ts';
import { smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

/* Whole runs on pairs of texts with a known answer: which of the two has the word. Nobody can tell who reads both as one bag of words. */

const artifacts = temporaryFolder();
const rng = new RandomState(5);
const words = ['storm', 'road', 'bridge', 'night', 'river', 'crews', 'people', 'town'];

function pairs(from: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const [first, second] = [0, 1].map(() => Array.from({ length: 3 }, () => words[rng.integer(0, words.length)]));
    const isFirst = rng.integer(0, 2) === 0;
    (isFirst ? first : second)![rng.integer(0, 3)] = 'fire';
    return `${from + i},${first!.join(' ')},${second!.join(' ')},${isFirst ? 'first' : 'second'}`;
  });
}

function written(name: string, rows: readonly string[], columns = 'id,left,right,where'): string {
  const path = join(artifacts, name);
  writeFileSync(path, `${columns}\n${rows.join('\n')}\n`);
  return path;
}

const TRAIN = written('train.csv', pairs(0, 320));
const TEST = written('test.csv', pairs(1000, 80));
const SET = [
  `data.train=${TRAIN}`,
  `data.test=${TEST}`,
  'data.sample_submission=null',
  'data.text=[left, "{right}!"]',
  'data.target=where',
  'training.epochs=6',
  'training.batch_size=16',
  'training.optimizer.lr=0.003',
  'model.max_seq_length=16',
];

async function run(...set: readonly string[]): Promise<RunResult & { readonly made: readonly string[] }> {
  const made: string[] = [];
  const listen = (event: RunEvent): void => void (event.type === 'task-finished' && made.push(event.task));
  return { ...(await runExperiment(await smallQuickstart(...SET, ...set), { artifacts, device: 'cpu' }, listen)), made };
}

const first = run('name=pairs');

describe('a run on pairs of texts', () => {
  it('learns what only their places tell, and measures it on the rows to predict, for which nothing is trained again', async () => {
    const { metrics } = await first;
    expect(metrics!.oof['oof/accuracy']).toBeGreaterThan(0.95);
    expect(metrics!.baseline!['baseline/oof/accuracy']).toBeGreaterThan(0.9); // it reads the two texts apart, too
    expect(metrics!.test!['test/accuracy']).toBeGreaterThan(0.95);
    expect(metrics!.test_rows).toBe(80);
    const [low = NaN, high = NaN] = metrics!.test_intervals!['test/accuracy']!;
    expect(low <= metrics!.test!['test/accuracy']! && metrics!.test!['test/accuracy']! <= high && low > 0.8).toBe(true);
    const without = await run('name=without', 'data.test.target=null');
    expect(without.made).toEqual([]);
    expect([without.metrics!.test, without.metrics!.oof]).toEqual([undefined, metrics!.oof]);
  });

  it('predicts from a table of both as it did itself, and otherwise where they are swapped', async () => {
    const stored = readRun(artifacts, (await first).run);
    const table = await readTable(TEST);
    const [left, right] = [columnOf(table, 'left')!, columnOf(table, 'right')!];
    const input = ['right,left', ...left.map((text, row) => `${right[row]},${text}`)].join('\n');
    const columns = [{ id: 'id', text: stored.experiment.data.text }];
    const { texts } = await textsOf(Buffer.from(input), columns, { onNotice: () => {} });
    const { predictions } = await predictTexts(stored, texts, {}, () => {});
    const own = columnOf(await readTable(join(stored.folder, 'predictions.csv')), 'probability')!;
    own.forEach((value, row) => expect(predictions.numbers[row]).toBeCloseTo(Number(value), 5));
    const swapped = await predictTexts(stored, texts.map((text) => [text[1]!, text[0]!] as const), {}, () => {});
    expect(swapped.predictions.numbers.filter((value, row) => value > 0.5 === predictions.numbers[row]! > 0.5).length).toBeLessThan(16);
  });

  it('is exported with token types', async () => {
    const stored = readRun(artifacts, (await first).run);
    const { files } = await exportRun(stored, { to: join(artifacts, 'onnx'), format: 'onnx', alsoIn: ['float16'], fold: 1 }, () => {});
    expect(files.map(({ rows }) => rows)).toEqual([160, 160]);
    expect(files[0]!.maxDifference).toBeLessThan(1e-5);
  });

  it('is refused before anything is made where only one text may be cut and that is not enough', async () => {
    const short = ['name=short', 'model.max_seq_length=5', 'model.truncation=only_second'];
    await expect(run(...short)).rejects.toMatchObject({
      code: 'data',
      subject: 'model.truncation',
      problems: [{ file: TRAIN, line: 2, row: 1, message: 'the first text is too long: it leaves no token of 2 to the second one' }],
    });
    await expect(run('name=short', 'model.max_seq_length=3')).rejects.toMatchObject({
      code: 'config',
      remedy: 'The tokenizer adds 3 special tokens to every pair of texts; set it higher than that.',
    });
  });
});

it('a table of its own validates one model, which is trained on all other rows', async () => {
  const validation = written('validation.csv', pairs(0, 60), 'key,left,right,answer');
  const { folder, metrics } = await run(`data.validation={ path: ${validation}, id: key, target: answer }`, 'name=validated', 'split.folds=5');
  const oof = await readTable(join(folder, 'oof.csv'));
  expect(columnOf(oof, 'id')).toEqual(Array.from({ length: 60 }, (_, row) => String(row)));
  expect(new Set(columnOf(oof, 'fold'))).toEqual(new Set(['0']));
  expect(columnOf(oof, 'target')).toEqual(columnOf(await readTable(validation), 'answer'));
  expect(metrics!.folds.map(({ fold }) => fold)).toEqual([0]);
  expect(metrics!.cv['accuracy']).toEqual({ mean: metrics!.oof['oof/accuracy'], sd: null });
  expect(metrics!.oof['oof/accuracy']).toBeGreaterThan(0.9);
  const folds = columnOf(await readTable(join(folder, 'folds.csv')), 'fold')!;
  expect([folds.length, folds.filter((fold) => fold === '').length]).toEqual([380, 320]);
  const exported = await exportRun(readRun(artifacts, 'validated'), { to: join(artifacts, 'hf'), format: 'huggingface', alsoIn: [] }, () => {});
  expect(exported.files[0]!.rows).toBe(60);
});

const PROGRAM = `
import json, sys
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder, pairs = sys.argv[1], json.loads(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
encoded = [tokenizer(*pair, truncation="longest_first", max_length=16, return_token_type_ids=True, return_tensors="pt") for pair in pairs]
with torch.no_grad():
    probabilities = [model(**each).logits.softmax(-1)[0, 1].item() for each in encoded]
print(json.dumps({
    "ids": [each["input_ids"][0].tolist() for each in encoded],
    "types": [each["token_type_ids"][0].tolist() for each in encoded],
    "probabilities": probabilities,
}))
`;

describePython('a model of pairs in Python', (python) => {
  it('gives the same ids, types and probabilities', async () => {
    const { folder } = await first;
    const table = await readTable(TEST);
    const pairs = columnOf(table, 'left')!.map((left, row) => [left, `${columnOf(table, 'right')![row]}!`] as const);
    const model = join(folder, 'models/fold-0');
    const theirs = python(PROGRAM, model, JSON.stringify(pairs)) as Readonly<Record<'ids' | 'types', readonly (readonly number[])[]>> & {
      readonly probabilities: readonly number[];
    };
    const tokens = await encodeTexts(await loadTokenizer(tokenizerFiles(model)), pairs, 16);
    const { ids, types } = tokensOf(tokens, Int32Array.from(pairs.keys()));
    expect(ids.map((row) => [...row])).toEqual(theirs.ids);
    expect(types?.map((row) => [...row])).toEqual(theirs.types);
    expect(types?.every((row) => row.includes(1))).toBe(true);
    const { numbers } = await ensemblePredictions([model], { kind: 'tokens', tokens }, { device: 'cpu', threads: 1, batchSize: 16 }, () => {});
    theirs.probabilities.forEach((value, row) => expect(Math.abs(value - numbers[row]!)).toBeLessThan(1e-5));
  });
});

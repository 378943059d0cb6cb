import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadExperiment } from '../../src/config/index.ts';
import { RandomState } from '../../src/core/random.ts';
import { writeCsv } from '../../src/data/tables/formats/csv.ts';
import { readTable, requiredColumn } from '../../src/data/tables/table.ts';
import { runExperiment, type RunResult } from '../../src/runner/index.ts';
import { exportRun } from '../../src/runner/exports/index.ts';
import { predictTexts } from '../../src/runner/models/index.ts';
import { readRun } from '../../src/runner/stored/index.ts';
import { pearson, rmse } from '../../src/tasks/metrics/numbers.ts';
import { compareRuns } from '../../src/tracking/comparison/index.ts';
import { describePython } from '../helpers/python.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';
import { describeShared, sharedPath } from '../helpers/shared.ts';

const folder = temporaryFolder();
const artifacts = join(folder, 'artifacts');

/** Known answers that tokens tell: which signs a text has, weighed, and a larger number for those that address somebody. */
function answersOf(text: string): readonly [signs: number, address: number] {
  const signs = 20 + (/http/.test(text) ? 12 : 0) - (/#/.test(text) ? 6 : 0) + Math.min(8, 0.25 * text.split(' ').length);
  return [signs, 1000 * (1 + (/@/.test(text) ? 2 : 0) + (/http/.test(text) ? 0.5 : 0))];
}

/** A competition: a labelled table, a table to predict, a sample whose numbers are whole, and answers that stay hidden. */
async function competition(place: string, targets: readonly string[]): Promise<readonly (readonly number[])[]> {
  const tweets = await readTable(sharedPath('data', 'disaster-tweets', 'train.csv')!);
  const [ids, texts] = [requiredColumn(tweets, 'id'), requiredColumn(tweets, 'text')];
  const rows = Array.from(new RandomState(3).permutation(texts.length).subarray(0, 900));
  const numbers = (row: number): readonly number[] => answersOf(texts[row]!).slice(0, targets.length);
  const [train, test] = [rows.slice(0, 700), rows.slice(700)];
  mkdirSync(place, { recursive: true });
  type Cells = (row: number, i: number) => readonly (string | number)[];
  const write = (name: string, header: readonly string[], of: readonly number[], cells: Cells): void =>
    writeFileSync(join(place, name), writeCsv(header, of.map(cells)));
  write('train.csv', ['id', 'text', ...targets], train, (row, i) => [
    ids[row]!,
    texts[row]!,
    ...numbers(row).map((value, k) => (targets.length > 1 && (i + k) % 9 === 0 ? 'NA' : value)),
  ]);
  write('test.csv', ['id', 'text'], test, (row) => [ids[row]!, texts[row]!]);
  write('sample.csv', ['id', ...targets.toReversed()], test, (row) => [ids[row]!, ...targets.map(() => 0)]);
  return test.map(numbers);
}

function configuration(place: string, target: string): string {
  const file = join(place, 'numbers.yaml');
  const tables = ['train', 'test'].map((name) => `  ${name}: ${join(place, `${name}.csv`)}\n`).join('');
  writeFileSync(
    file,
    `task: { name: regression }
data:
${tables}  sample_submission: ${join(place, 'sample.csv')}
  id: id
  text: text
  target: ${target}
model: { base: ${join(root, 'configs/quickstart/model')}, weights: random, max_seq_length: 48 }
split: { folds: 2 }
training:
  epochs: 6
  optimizer: { name: adamw, lr: 0.003 }
  schedule: { name: one-cycle }
resources: { threads: 1 }
`,
  );
  return file;
}

const run = (file: string, ...set: readonly string[]): Promise<RunResult> =>
  runExperiment(loadExperiment(file, { set }), { artifacts, device: 'cpu' }, () => {});
const columnOf = async (file: string, name: string): Promise<readonly number[]> => requiredColumn(await readTable(file), name).map(Number);

describeShared('a competition of numbers', ['data', 'disaster-tweets'], () => {
  let hidden: readonly number[] = [];
  let result: RunResult;
  const place = join(folder, 'one');

  beforeAll(async () => {
    hidden = (await competition(place, ['score'])).map(([value]) => value!);
    result = await run(configuration(place, 'score'));
  }, 120_000);

  it('is learned: the hidden answers are told far better than by their mean', async () => {
    const submitted = await columnOf(join(result.folder, 'submission.csv'), 'score');
    const mean = hidden.reduce((sum, value) => sum + value, 0) / hidden.length;
    expect(rmse(hidden, submitted)).toBeLessThan(0.75 * rmse(hidden, hidden.map(() => mean)));
    expect(submitted.some((value) => !Number.isInteger(value))).toBe(true);
    expect(await columnOf(join(result.folder, 'predictions.csv'), 'prediction')).toEqual(submitted);
  });

  it('is measured on what oof.csv holds, beside a baseline', async () => {
    const oof = join(result.folder, 'oof.csv');
    const [target, prediction] = [await columnOf(oof, 'target'), await columnOf(oof, 'prediction')];
    expect(result.metrics?.oof['oof/rmse']).toBeCloseTo(rmse(target, prediction), 9);
    expect(result.metrics?.oof['oof/pearson']).toBeCloseTo(pearson(target, prediction), 9);
    expect(result.metrics?.baseline?.['baseline/oof/rmse']).toBeGreaterThan(0);
    expect(result.metrics).toMatchObject({ task: 'regression', columns: ['score'] });
  });

  it('writes its defaults out and a page with its figures', () => {
    const yaml = readFileSync(join(result.folder, 'config.yaml'), 'utf8');
    const defaults = ['name: regression', 'monitor: val/rmse', 'mode: min', 'strategy: stratified-kfold', 'bins: 10'];
    for (const line of defaults) expect(yaml).toContain(line);
    const page = readFileSync(join(result.folder, 'report.html'), 'utf8');
    for (const part of ['Largest errors', 'root mean squared error', 'always predicting the mean']) expect(page).toContain(part);
    const figures = ['predicted-against-true.svg', 'residuals.svg', 'errors.csv'].map((name) => join(result.folder, 'figures', name));
    expect(figures.every(existsSync)).toBe(true);
  });

  it('predicts new texts and exports models that say the same', async () => {
    const stored = readRun(artifacts, result.run);
    const texts = requiredColumn(await readTable(join(place, 'test.csv')), 'text');
    const { predictions } = await predictTexts(stored, texts, { device: 'cpu' }, () => {});
    expect([...predictions.numbers]).toEqual(await columnOf(join(result.folder, 'predictions.csv'), 'prediction'));
    const { files } = await exportRun(stored, { to: join(folder, 'onnx'), format: 'onnx', alsoIn: ['float16', 'int8'] }, () => {});
    expect(files.map(({ precision }) => precision)).toEqual(['float32', 'float16', 'int8']);
    expect(files[0]?.maxDifference).toBeLessThan(1e-3);
    const whole = await exportRun(stored, { to: join(folder, 'hf'), format: 'huggingface', alsoIn: [] }, () => {});
    expect(whole.files[0]?.maxDifference).toBeLessThan(1e-3);
  }, 60_000);

  it('is compared row by row with another run', async () => {
    const other = await run(configuration(place, 'score'), 'name=other', 'training.epochs=2');
    const runs = [result, other].map(({ run: name }) => readRun(artifacts, name));
    const { pairing, verdict } = await compareRuns(runs);
    expect(pairing).toMatchObject({ paired: true, best: result.run, smallerIsBetter: true, byDistance: true });
    expect(verdict).toMatch(/on \d+ rows numbers is nearer to the target, on \d+ other \(p .*exact sign test\)/);
  }, 60_000);

  describePython('in transformers', (python) => {
    it('the model of a fold says the same numbers', async () => {
      const answers = python(
        `
import csv, json, sys, torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
texts = [row['text'] for row in csv.DictReader(open(sys.argv[2], newline='', encoding='utf-8'))]
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
model = AutoModelForSequenceClassification.from_pretrained(sys.argv[1]).eval()
batch = tokenizer(texts, truncation=True, max_length=48, padding=True, return_tensors='pt')
with torch.no_grad(): print(json.dumps([model.config.problem_type, model(**batch).logits[:, 0].tolist()]))`,
        join(folder, 'hf'),
        join(place, 'test.csv'),
      ) as readonly [string, readonly number[]];
      expect(answers[0]).toBe('regression');
      expect(rmse(hidden, answers[1])).toBeLessThan(1.3 * rmse(hidden, await columnOf(join(result.folder, 'submission.csv'), 'score')));
    }, 60_000);
  });
});

describeShared('a competition of several numbers, some of which are missing', ['data', 'disaster-tweets'], () => {
  it('is learned, each column in its unit, and submitted in the order of the sample', async () => {
    const place = join(folder, 'two');
    const hidden = await competition(place, ['signs', 'address']);
    const { folder: of, metrics } = await run(configuration(place, '[signs, address]'), 'name=two');
    expect(metrics).toMatchObject({ task: 'regression', columns: ['signs', 'address'], partial: true });
    expect(metrics?.oof['oof/mcrmse']).toBeGreaterThan(0);
    const submission = await readTable(join(of, 'submission.csv'));
    expect(submission.columns).toEqual(['id', 'address', 'signs']);
    for (const [k, name] of (['signs', 'address'] as const).entries()) {
      const truth = hidden.map((numbers) => numbers[k]!);
      expect(pearson(truth, await columnOf(join(of, 'submission.csv'), name)), name).toBeGreaterThan(0.4);
    }
    const oof = await readTable(join(of, 'oof.csv'));
    expect(oof.columns).toEqual(['id', 'fold', 'target_signs', 'target_address', 'prediction_signs', 'prediction_address']);
    expect(requiredColumn(oof, 'target_signs').filter((cell) => cell === '').length).toBeGreaterThan(40);
  }, 120_000);
});

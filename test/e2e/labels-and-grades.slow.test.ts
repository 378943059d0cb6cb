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
import { weightedKappa } from '../../src/tasks/metrics/agreement.ts';
import { rocAucMacro } from '../../src/tasks/metrics/labels.ts';
import { compareRuns } from '../../src/tracking/comparison/index.ts';
import { describePython } from '../helpers/python.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';
import { describeShared, sharedPath } from '../helpers/shared.ts';

const folder = temporaryFolder();
const artifacts = join(folder, 'artifacts');

/** Tweets with what is asked of them, of which 250 keep their answers hidden. */
async function competition<T>(place: string, answer: (text: string) => T, cells: (answer: T, row: number) => readonly (string | number)[]) {
  const tweets = await readTable(sharedPath('data', 'disaster-tweets', 'train.csv')!);
  const texts = requiredColumn(tweets, 'text');
  const rows = Array.from(new RandomState(3).permutation(texts.length).subarray(0, 950), (row) => texts[row]!);
  const [train, test] = [rows.slice(0, 700), rows.slice(700)];
  mkdirSync(place, { recursive: true });
  return {
    hidden: test.map(answer),
    write(columns: readonly string[], sample: readonly (string | number)[]): void {
      const table = (name: string, header: readonly string[], of: readonly (readonly (string | number)[])[]): void =>
        writeFileSync(join(place, name), writeCsv(header, of));
      table('train.csv', ['id', 'text', ...columns], train.map((text, row) => [row, text, ...cells(answer(text), row)]));
      table('test.csv', ['id', 'text'], test.map((text, row) => [row, text]));
      table('sample.csv', ['id', ...columns], test.map((_, row) => [row, ...sample]));
    },
  };
}

function configuration(place: string, task: string, target: string): string {
  const file = join(place, 'experiment.yaml');
  writeFileSync(
    file,
    `task: ${task}
data:
  train: ${join(place, 'train.csv')}
  test: ${join(place, 'test.csv')}
  sample_submission: ${join(place, 'sample.csv')}
  id: id
  text: text
  target: ${target}
model: { base: ${join(root, 'configs/quickstart/model')}, weights: random, max_seq_length: 48 }
split: { folds: 2 }
training: { epochs: 5, optimizer: { name: adamw, lr: 0.003 }, schedule: { name: one-cycle } }
resources: { threads: 1 }
`,
  );
  return file;
}

const run = (file: string, ...set: readonly string[]): Promise<RunResult> =>
  runExperiment(loadExperiment(file, { set }), { artifacts, device: 'cpu' }, () => {});
const columnOf = async (file: string, name: string): Promise<readonly string[]> => requiredColumn(await readTable(file), name);

const TRANSFORMERS = `
import csv, json, sys, torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
texts = [row['text'] for row in csv.DictReader(open(sys.argv[-1], newline='', encoding='utf-8'))]
total = 0
for folder in sys.argv[1:-1]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    batch = tokenizer(texts, truncation=True, max_length=48, padding=True, return_tensors='pt')
    with torch.no_grad(): total = total + torch.sigmoid(model(**batch).logits)
print(json.dumps([model.config.problem_type, list(model.config.id2label.values()), (total / (len(sys.argv) - 2)).tolist()]))`;

type Answers = readonly [problem: string, labels: readonly string[], chances: readonly (readonly number[])[]];

describeShared('a competition of labels, some of which are missing', ['data', 'disaster-tweets'], () => {
  const signs = ['link', 'mention', 'tag'] as const;
  const labelsOf = (text: string): readonly number[] => [/http/, /@/, /#/].map((sign) => (sign.test(text) ? 1 : 0));
  const place = join(folder, 'labels');
  let hidden: readonly (readonly number[])[] = [];
  let result: RunResult;
  let probabilities: readonly (readonly number[])[] = [];

  beforeAll(async () => {
    const made = await competition(place, labelsOf, (labels, row) => labels.map((label, k) => ((row + k) % 9 === 0 ? '' : label)));
    made.write(signs, [0, 0, 0]);
    hidden = made.hidden;
    result = await run(configuration(place, '{ name: multi-label }', `[${signs.join(', ')}]`));
    const columns = await Promise.all(signs.map((name) => columnOf(join(result.folder, 'submission.csv'), name)));
    probabilities = hidden.map((_, row) => columns.map((column) => Number(column[row])));
  }, 120_000);

  it('is learned: the hidden answers are ranked', () => {
    expect(rocAucMacro({ truth: hidden.flat(), scores: probabilities.flat(), labels: 3 })).toBeGreaterThan(0.75);
    expect(result.metrics).toMatchObject({ task: 'multi-label', labels: [...signs], masked: true });
    expect(result.metrics?.baseline?.['baseline/oof/roc_auc']).toBeGreaterThan(0.5);
  });

  it('writes its defaults out, oof.csv by label, and a page with a panel a label', async () => {
    const yaml = readFileSync(join(result.folder, 'config.yaml'), 'utf8');
    for (const line of ['monitor: val/roc_auc', 'mode: max', 'strategy: multilabel-stratified-kfold']) expect(yaml).toContain(line);
    expect((await columnOf(join(result.folder, 'oof.csv'), 'target_link')).filter((cell) => cell === '').length).toBeGreaterThan(50);
    expect(readFileSync(join(result.folder, 'report.html'), 'utf8')).toContain('the mean over the labels');
    for (const file of ['roc.svg', 'precision-recall.svg', 'calibration.svg', 'labels.csv', 'mistakes.csv'])
      expect(existsSync(join(result.folder, 'figures', file)), file).toBe(true);
  });

  it('predicts new texts, exports models that say the same, and is compared', async () => {
    const stored = readRun(artifacts, result.run);
    const { predictions } = await predictTexts(stored, await columnOf(join(place, 'test.csv'), 'text'), { device: 'cpu' }, () => {});
    expect([...predictions.numbers]).toEqual(probabilities.flat());
    const { files } = await exportRun(stored, { to: join(folder, 'labels-onnx'), format: 'onnx', alsoIn: [] }, () => {});
    expect(files[0]?.maxDifference).toBeLessThan(1e-5);
    const other = await run(join(place, 'experiment.yaml'), 'name=other', 'training.epochs=1', 'training.best_model.monitor=val/f1_samples');
    const runs = [result, other].map(({ run: name }) => readRun(artifacts, name));
    expect((await compareRuns(runs)).pairing).toMatchObject({ paired: true, best: result.run, metric: 'val/roc_auc' });
  }, 90_000);

  describePython('in transformers', (python) => {
    it('the models say the same probabilities', () => {
      const models = [0, 1].map((fold) => join(result.folder, `models/fold-${fold}`));
      const [problem, labels, chances] = python(TRANSFORMERS, ...models, join(place, 'test.csv')) as Answers;
      expect([problem, labels]).toEqual(['multi_label_classification', [...signs]]);
      chances.forEach((own, row) => own.forEach((chance, k) => expect(chance).toBeCloseTo(probabilities[row]![k]!, 5)));
    }, 60_000);
  });
});

describeShared('a competition of grades in words, one of which is absent', ['data', 'disaster-tweets'], () => {
  const grades = ['none', 'short', 'middling', 'long', 'endless'];
  const rankOf = (text: string): number => [0, 9, 14, 19].filter((words) => text.split(' ').length > words).length;
  const place = join(folder, 'grades');

  it.each(['coral', 'cumulative'])('is learned with the link %s, submitted, and given away', async (link) => {
    const made = await competition(join(place, link), rankOf, (rank) => [grades[rank]!]);
    made.write(['length'], ['short']);
    const file = configuration(join(place, link), `{ name: ordinal, link: ${link}, grades: [${grades.join(', ')}] }`, 'length');
    const result = await run(file, `name=${link}`);
    const submitted = await columnOf(join(result.folder, 'submission.csv'), 'length');
    const ranks = submitted.map((grade) => grades.indexOf(grade));
    expect(weightedKappa(made.hidden, ranks, 5, 'quadratic')).toBeGreaterThan(0.4);
    expect(result.metrics).toMatchObject({ task: 'ordinal', grades });
    expect(result.metrics?.baseline?.['baseline/oof/qwk']).toBeLessThan(result.metrics!.oof['oof/qwk']!);
    expect(readFileSync(join(result.folder, 'config.yaml'), 'utf8')).toContain('monitor: val/qwk');
    expect(existsSync(join(result.folder, 'figures/scores.svg'))).toBe(true);

    const stored = readRun(artifacts, result.run);
    const { predictions } = await predictTexts(stored, await columnOf(join(place, link, 'test.csv'), 'text'), { device: 'cpu' }, () => {});
    const scores = (await columnOf(join(result.folder, 'predictions.csv'), 'score')).map(Number);
    expect([...predictions.numbers].filter((_, i) => i % 6 === 5)).toEqual(scores);
    const { files } = await exportRun(stored, { to: join(folder, `${link}-hf`), format: 'huggingface', alsoIn: [] }, () => {});
    expect(files[0]?.maxDifference).toBeLessThan(1e-5);
  }, 120_000);

  describePython('in transformers', (python) => {
    it('has an output for each threshold, whose sum is the score', async () => {
      const models = [0, 1].map((fold) => join(artifacts, `runs/cumulative/models/fold-${fold}`));
      const [problem, labels, chances] = python(TRANSFORMERS, ...models, join(place, 'cumulative/test.csv')) as Answers;
      expect([problem, labels]).toEqual(['multi_label_classification', ['>none', '>short', '>middling', '>long']]);
      const scores = await columnOf(join(artifacts, 'runs/cumulative/predictions.csv'), 'score');
      chances.forEach((own, row) => expect(own.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(Number(scores[row]), 4));
    }, 60_000);
  });
});

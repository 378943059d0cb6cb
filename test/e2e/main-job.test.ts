import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeCsv } from '../../src/data/tables/formats/csv.ts';
import { readTable } from '../../src/data/tables/table.ts';
import { bin, pipeline, root } from '../cli/bin.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { describeShared, sharedPath } from '../helpers/shared.ts';

const folder = temporaryFolder();
const artifacts = join(folder, 'artifacts');
const quick = [
  'configs/quickstart.yaml',
  '--artifacts',
  artifacts,
  '--set',
  'split.folds=2',
  '--set',
  'training.epochs=1',
  '--set',
  'resources.threads=1',
];
const file = (name: string, content: string): string => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe('several experiments', () => {
  it('run one after the other and end in one comparison', async () => {
    const layer = (name: string, rest: string): string =>
      file(`${name}.yaml`, `extends: ${join(root, 'configs/quickstart.yaml')}\n${rest}`);
    const [one, two] = [layer('plain', ''), layer('deeper', 'model: { head: { dense: [16] } }\n')];
    const { code, stdout } = await pipeline(['run', one, two, ...quick.slice(1), '--json']);
    expect(code).toBe(0);
    const { runs, comparison } = JSON.parse(stdout);
    expect(runs.map(({ run }: { readonly run: string }) => run)).toEqual(['plain', 'deeper']);
    expect(JSON.stringify(comparison)).toContain('model.head.dense');
    expect(readdirSync(join(artifacts, 'runs')).sort()).toEqual(['deeper', 'plain']);
  });
});

describe('a finished run', () => {
  it('is listed, shown and compared, and classifies new texts', async () => {
    const at = ['--artifacts', artifacts];
    expect((await pipeline(['runs', ...at])).stdout).toMatch(/plain\s+done/);
    const shown = (await pipeline(['show', 'plain', ...at])).stdout;
    expect(shown).toContain('learning curves');
    expect(shown).toContain('submission.csv');
    const compared = JSON.parse((await pipeline(['compare', 'plain', 'deeper', ...at, '--json'])).stdout);
    expect(JSON.stringify(compared)).toContain('model.head.dense');
    const predicted = await pipeline(['predict', '--run', 'plain', '--input', join(root, 'configs/quickstart/test.csv'), ...at]);
    expect(predicted.stdout).toBe(readFileSync(join(artifacts, 'runs/plain/predictions.csv'), 'utf8'));
    const piped = await pipeline(['predict', '--run', 'plain', '--input', '-', ...at], {
      input: readFileSync(join(root, 'configs/quickstart/test.csv'), 'utf8'),
    });
    expect(piped.stdout).toBe(predicted.stdout);
    const mine = file('mine.csv', 'id,text\n5,flood\n');
    const over = await pipeline(['predict', '--run', 'plain', '--input', mine, '--output', mine, '--set', 'foo=1', ...at]);
    expect([over.code, readFileSync(mine, 'utf8')]).toEqual([2, 'id,text\n5,flood\n']);
    expect(over.stderr).toContain('is the input and is not overwritten');
    expect(over.stderr).toContain('--set changes nothing here: predict reads no configuration');
    const lines = await pipeline(['predict', '--run', 'plain', '--input', '-', ...at], { input: 'one text\nanother text\n' });
    expect(lines.stdout.trimEnd().split('\n').length).toBe(3);
    const formulas = await pipeline(['predict', '--run', 'plain', '--input', '-', '--safe-csv', ...at], {
      input: 'id,text\n=1+1,flood\n-5,calm\n',
    });
    expect(
      formulas.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(',')[0]),
    ).toEqual(['id', "'=1+1", '-5']);
  });

  it('whose journal is damaged does not hide the others', async () => {
    writeFileSync(join(artifacts, 'runs/deeper/journal.jsonl'), 'not json\n{}\n');
    const { code, stdout } = await pipeline(['runs', '--artifacts', artifacts]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/deeper\s+damaged/);
    expect(stdout).toMatch(/plain\s+done/);
  });
});

describe('more than two classes', () => {
  const words = { fire: ['burning', 'smoke', 'flames'], flood: ['water', 'river', 'rain'], calm: ['coffee', 'sleep', 'garden'] };
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [name, own] = Object.entries(words)[i % 3] as [string, readonly string[]];
    return { name, text: `the ${own[i % own.length]} near house ${i}` };
  });

  it('have a column of probabilities each, and their own names everywhere', async () => {
    const train = file('classes.csv', `text,kind\n${rows.map(({ name, text }) => `${text},${name}`).join('\n')}\n`);
    const test = file('unknown.csv', 'text\nthe smoke near house 7\nthe garden near house 8\n');
    const args = [
      '--set',
      `data={train: ${train}, test: ${test}, sample_submission: null, id: null, text: text, target: kind}`,
      '--set',
      'training.epochs=10',
      '--set',
      'training.batch_size=8',
      '--name',
      'three',
    ];
    const { code, stderr } = await pipeline(['run', ...quick, ...args]);
    expect(stderr).not.toMatch(/^error/m);
    expect(code).toBe(0);
    const run = join(artifacts, 'runs', 'three');
    const oof = await readTable(join(run, 'oof.csv'));
    expect(oof.columns).toEqual(['id', 'fold', 'target', 'probability_calm', 'probability_fire', 'probability_flood', 'prediction']);
    for (const row of oof.rows) expect(row.slice(3, 6).reduce((sum, p) => sum + Number(p), 0)).toBeCloseTo(1, 10);
    expect(existsSync(join(run, 'submission.csv'))).toBe(false);
    const { oof: summary } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8'));
    expect(summary['oof/accuracy']).toBeGreaterThan(0.9);
    expect(summary).not.toHaveProperty('oof/f1');
    const predictions = await readTable(join(run, 'predictions.csv'));
    expect(predictions.rows.map((row) => row.at(-1))).toEqual(['fire', 'calm']);
  });
});

describe('what is wrong', () => {
  const brokenModel = (): string => {
    const model = join(folder, 'broken');
    cpSync(join(root, 'configs/quickstart/model'), model, { recursive: true });
    writeFileSync(join(model, 'tokenizer.json'), '{ "model": 3');
    return model;
  };
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a table that is not there', ['--set', 'data.train=nowhere.csv'], /nowhere\.csv/],
    ['a ragged row', ['--set', `data.train=${file('ragged.csv', 'id,text,target\n1,a b,0\n2,c d\n3,e,1\n')}`], /ragged\.csv.*:3|row 2/],
    ['a mistyped column', ['--set', 'data.text=txet'], /text/],
    ['a sample of other rows', ['--set', `data.sample_submission=${file('sample.csv', 'id,target\n1,0\n')}`], /predictions do not fit/],
    [
      'a sample with a column too many',
      ['--set', `data.sample_submission=${file('extra.csv', 'id,target,extra\n0,0,1\n')}`],
      /one column was expected/,
    ],
    ['an artifacts folder that cannot be', ['--artifacts', '/proc/ortrain'], /cannot be written/],
    ['a model whose tokenizer is broken', ['--set', `model.base=${brokenModel()}`], /tokenizer\.json/],
    [
      'a file in the place of a model',
      ['--set', `model={base: ${file('cut/model.safetensors', 'short')}, weights: pretrained}`],
      /is not a folder/,
    ],
    ['a device that is not there', ['--device', 'tpu'], /--device/],
    ['a model that is not there', ['--set', 'model.base=./nowhere'], /nowhere does not exist/],
  ];
  for (const [name, args, message] of cases) {
    it(`is refused with exit code 2, and nothing is trained: ${name}`, async () => {
      const { code, stderr, stdout } = await pipeline(['run', ...quick, '--name', 'refused', ...args]);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
      expect(stdout).toBe('');
      expect(existsSync(join(artifacts, 'runs', 'refused', 'models'))).toBe(false);
    });
  }
});

describe('Ctrl-C', () => {
  it('stops cleanly with exit code 130, and the next start goes on', async () => {
    const args = ['run', ...quick, '--set', 'training.epochs=60', '--name', 'long'];
    const child = spawn(process.execPath, [bin, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    const code = await new Promise((resolve) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('epoch')) child.kill('SIGINT');
      });
      child.on('close', resolve);
    });
    expect(code).toBe(130);
    const { stdout } = await pipeline(['runs', '--artifacts', artifacts]);
    expect(stdout).toMatch(/long\s+interrupted/);
    const plan = JSON.parse((await pipeline(['plan', ...args.slice(1), '--json'])).stdout);
    expect(JSON.stringify(plan)).toContain('tokenize');
  });
});

describeShared('real tweets on a real encoder', ['models', 'all-MiniLM-L6-v2'], () => {
  it('learn with frozen features, and the submission has the sample’s rows', async () => {
    const some = async (name: string, rows: number): Promise<string> => {
      const table = await readTable(sharedPath('data', 'disaster-tweets', name) ?? '');
      return file(name, writeCsv(table.columns, table.rows.slice(0, rows)));
    };
    const [train, test, sample] = [await some('train.csv', 300), await some('test.csv', 40), await some('sample_submission.csv', 40)];
    const data = `data={train: ${train}, test: ${test}, sample_submission: ${sample}, id: id, text: text, target: target}`;
    const model = `model={base: ${sharedPath('models', 'all-MiniLM-L6-v2')}, weights: pretrained}`;
    const args = [
      'configs/bert-3dense-frozen.yaml',
      '--artifacts',
      artifacts,
      '--set',
      data,
      '--set',
      model,
      ...['split.folds=2', 'training.batch_size=8', 'training.optimizer.lr=0.001'].flatMap((set) => ['--set', set]),
    ];
    const { code, stderr } = await pipeline(['run', ...args]);
    expect(stderr).not.toMatch(/^error/m);
    expect(code).toBe(0);
    const run = join(artifacts, 'runs', 'bert-3dense-frozen');
    const { oof } = JSON.parse(readFileSync(join(run, 'metrics.json'), 'utf8'));
    expect(oof['oof/roc_auc']).toBeGreaterThan(0.7);
    // The mean over rows of -log of what their own class was given.
    const judged = await readTable(join(run, 'oof.csv'));
    const [target, probability] = [judged.columns.indexOf('target'), judged.columns.indexOf('probability')];
    const losses = judged.rows.map((row) => -Math.log(row[target] === '1' ? Number(row[probability]) : 1 - Number(row[probability])));
    expect(oof['oof/loss']).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / losses.length, 12);
    expect((await readTable(join(run, 'submission.csv'))).rows.length).toBe(40);
  });
});

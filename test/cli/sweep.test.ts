import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pipeline, root } from './bin.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-sweep-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Document {
  readonly best: string | null;
  readonly top: readonly string[];
  readonly ranking: readonly { readonly run: string; readonly score: number | null; readonly error: string | null }[];
  readonly verdict: string;
  readonly pairing: object;
  readonly report: string;
  readonly error?: { readonly message: string };
}

const small = ['--set', 'split.folds=2', '--set', 'training.epochs=2', '--set', 'model.max_seq_length=32', '--set', 'resources.threads=1'];

test('a sweep ranks its runs, goes on after one that fails, writes its page, and the second time does nothing again', async () => {
  const file = join(folder, 'rates.yaml');
  const artifacts = join(folder, 'artifacts');
  // A rate of 1e30 makes the loss infinite in the first steps.
  writeFileSync(
    file,
    `base: ${join(root, 'configs/quickstart.yaml')}\nmetric: oof/accuracy\nparameters:\n  training.optimizer.lr: [0.002, 1.0e+30, 0.0000001]\n`,
  );
  const first = await pipeline(['sweep', file, '--artifacts', artifacts, '--json', '--top', '5', ...small]);
  const document = JSON.parse(first.stdout) as Document;
  expect(document.top).toEqual(['rates+lr=0.002', 'rates+lr=1e-7']);
  expect(first.code).toBe(1);
  expect(document.error?.message).toContain('1 of 3 experiments failed');
  expect(document.ranking.map(({ run, score }) => [run, score === null])).toEqual([
    ['rates+lr=0.002', false],
    ['rates+lr=1e-7', false],
    ['rates+lr=1e+30', true],
  ]);
  expect(document.best).toBe('rates+lr=0.002');
  expect(document.ranking[0]?.score).toBeGreaterThan(document.ranking[1]?.score ?? 1);
  // The metric that ranks is the one that judges, and page and file say the same.
  expect(document.pairing).toMatchObject({ best: 'rates+lr=0.002', metric: 'val/accuracy' });
  expect(document.verdict).toMatch(/^rates\+lr=0\.002 has the better oof\/accuracy\./);
  const page = readFileSync(document.report, 'utf8');
  for (const part of [
    '<h1>rates</h1>',
    `<p>${document.verdict.replaceAll('<', '&lt;')}</p>`,
    'href="../../runs/rates%2Blr%3D0.002/report.html"',
    '<dt>training.optimizer.lr: 1e+30</dt>',
  ])
    expect(page).toContain(part);
  expect(first.stderr).toContain('2 of 3: rates+lr=1e+30 · failed');
  expect(existsSync(join(artifacts, 'sweeps/rates/sweep.json'))).toBe(true);

  const again = await pipeline(['sweep', file, '--artifacts', artifacts, ...small]);
  expect(again.stdout).toContain('rates+lr=1e+30');
  expect(again.stderr).not.toContain('rates+lr=0.002  train[0]  epoch');
  expect(again.stderr).toContain('rates+lr=0.002  train[0]  from the cache');
});

test('--dry-run lists the experiments and starts none; a wrong sweep exits with 2', async () => {
  const { code, stdout } = await pipeline(['sweep', join(root, 'configs/sweeps/quickstart-heads.yaml'), '--dry-run', '--json']);
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as { members: readonly { name: string }[] }).members.map(({ name }) => name)).toHaveLength(4);
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, 'base: nowhere.yaml\nparameters: { training.epochs: [1] }\n');
  expect((await pipeline(['sweep', wrong])).code).toBe(2);

  const classes = join(folder, 'classes.csv');
  writeFileSync(classes, `id,text,target\n${Array.from({ length: 12 }, (_, i) => `${i},message ${i},${i % 3}`).join('\n')}\n`);
  const unranked = join(folder, 'unranked.yaml');
  writeFileSync(unranked, `base: ${join(root, 'configs/quickstart.yaml')}\nmetric: oof/f1\nparameters: { seed: [1, 2] }\n`);
  const refused = await pipeline([
    'sweep',
    unranked,
    '--artifacts',
    join(folder, 'none'),
    ...small,
    ...[`data.train=${classes}`, 'data.test=null', 'data.sample_submission=null'].flatMap((set) => ['--set', set]),
  ]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('metric is oof/f1, which is measured for two classes only; the training rows have 3');
  expect(existsSync(join(folder, 'none/runs'))).toBe(false);
});

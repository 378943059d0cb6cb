import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJournal } from '../helpers/journal.ts';
import { bin, pipeline, root } from './bin.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-run-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('Ctrl-C, given twice at once as npx does, stops cleanly with 130, and the journal ends with it', async () => {
  const artifacts = join(folder, 'interrupted');
  const child = spawn(process.execPath, [bin, 'run', 'configs/quickstart.yaml', '--artifacts', artifacts], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const journal = join(artifacts, 'runs', 'quickstart', 'journal.jsonl');
  // Folds run side by side, so that any of them may be the first with an epoch.
  while (child.exitCode === null && !(existsSync(journal) && /"type":"epoch"/.test(readFileSync(journal, 'utf8')))) await sleep(20);
  child.kill('SIGINT');
  await sleep(20);
  child.kill('SIGINT');
  expect(await ended, stderr).toBe(130);
  expect(stdout).toBe('');
  expect(stderr).toContain('stopping after this step');
  expect(readJournal(journal).at(-1)).toMatchObject({ type: 'run-failed', interrupted: true });

  const partial = join(artifacts, 'cache', 'partial', 'train');
  expect(
    readdirSync(partial, { recursive: true, encoding: 'utf8' })
      .map((name) => basename(name))
      .sort(),
  ).toEqual(expect.arrayContaining(['state.json', expect.stringMatching(/^step-\d+\.safetensors$/)]));

  const { stdout: shown } = await pipeline(['show', 'quickstart', '--artifacts', artifacts]);
  expect(shown).toContain('interrupted');
  expect(shown).toContain('training.optimizer.lr: 0.001');
  expect(shown).toMatch(/fold \d · best epoch [1-5] of [1-5] · val\/f1_macro 0\.\d{4} · not finished/);

  const told = JSON.parse((await pipeline(['show', 'quickstart', '--artifacts', artifacts, '--json'])).stdout);
  expect(told).toMatchObject({
    status: 'interrupted',
    metrics: null,
    environment: { device: 'cpu' },
    notices: [expect.stringContaining('computes on the cpu'), expect.stringMatching(/^TF-IDF with a linear model: f1_macro 0\.\d{4} out of fold$/)],
  });
  expect(told.folds).toContainEqual(
    expect.objectContaining({
      state: 'unfinished',
      epochs: expect.arrayContaining([
        expect.objectContaining({ epoch: 1, metrics: expect.objectContaining({ 'val/f1_macro': expect.any(Number) }) }),
      ]),
    }),
  );
});

test('of several experiments the first that fails ends it; what was done before stays and is reported', async () => {
  const [good, bad] = [join(folder, 'good.yaml'), join(folder, 'bad.yaml')];
  const rows = join(folder, 'rows.csv');
  writeFileSync(rows, 'id,text,target\n1,one,0\n2,two,\n3,three,1\n4,four,1\n5,five,0\n');
  writeFileSync(good, `extends: ${join(root, 'configs/quickstart.yaml')}\nname: good\n`);
  writeFileSync(bad, `extends: good.yaml\nname: bad\ndata: { train: ${rows} }\n`);
  const { code, stdout } = await pipeline(['run', good, bad, good, '--until', 'split', '--artifacts', join(folder, 'several'), '--json']);
  expect(code).toBe(2);
  const { runs, error } = JSON.parse(stdout) as {
    runs: readonly { run: string; executed: number }[];
    error: { code: string; message: string };
  };
  expect(runs).toMatchObject([{ run: 'good', executed: 3, config: good }]);
  expect(error.code).toBe('data');
  expect(error.message).toContain(`${bad}: `);
});

test('--name is the name of the experiment: its config.yaml is the same run again, and no output is made anew', async () => {
  const artifacts = join(folder, 'named');
  const until = ['--until', 'split', '--artifacts', artifacts, '--json'];
  const run = async (...args: readonly string[]): Promise<unknown> =>
    (JSON.parse((await pipeline(['run', ...args, ...until])).stdout) as { readonly runs: readonly unknown[] }).runs[0];
  expect(await run('configs/quickstart.yaml')).toMatchObject({ run: 'quickstart', executed: 3 });
  // Text, though YAML would read a number.
  const { stdout } = await pipeline(['plan', 'configs/quickstart.yaml', '--name', '3', ...until]);
  expect(JSON.parse(stdout)).toMatchObject({ plans: [{ run: '3', folder: join(artifacts, 'runs', '3') }] });
  expect(await run('configs/quickstart.yaml', '--name', '3')).toMatchObject({ run: '3', executed: 0, cached: 3 });
  expect(await run(join(artifacts, 'runs', '3', 'config.yaml'))).toMatchObject({
    run: '3',
    folder: join(artifacts, 'runs', '3'),
    executed: 0,
  });
  expect(readdirSync(join(artifacts, 'runs')).sort()).toEqual(['3', 'quickstart']);
});

test.each(['run', 'plan'])('%s --name leads to no other folder', async (verb) => {
  for (const name of ['../../x', join(folder, 'x'), 'a/b', '']) {
    const { code, stdout, stderr } = await pipeline([
      verb,
      'configs/quickstart.yaml',
      '--name',
      name,
      '--until',
      'split',
      '--artifacts',
      join(folder, 'escape'),
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^ {2}--name {2}name must be a folder name of letters/m);
  }
  expect([join(folder, 'escape'), join(folder, 'x')].filter((path) => existsSync(path))).toEqual([]);
});

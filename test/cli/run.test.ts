import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readJournal } from '../../src/tracking/journal.ts';
import { bin, pipeline, root } from './bin.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-run-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('Ctrl-C, given twice at once as npx does, stops cleanly with 130, and the journal ends with it', async () => {
  const artifacts = join(folder, 'interrupted');
  const child = spawn(process.execPath, [bin, 'run', 'configs/quickstart.yaml', '--artifacts', artifacts], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes('epoch 1/')) resolve();
    });
    child.on('close', () => resolve());
  });
  child.kill('SIGINT');
  await sleep(20);
  child.kill('SIGINT');
  expect(await ended, stderr).toBe(130);
  expect(stdout).toBe('');
  expect(stderr).toContain('stopping after this step');
  expect(readJournal(join(artifacts, 'runs', 'quickstart', 'journal.jsonl')).at(-1)).toMatchObject({ type: 'run-failed', interrupted: true });

  const partial = join(artifacts, 'cache', 'partial', 'train');
  expect(readdirSync(partial, { recursive: true, encoding: 'utf8' }).map((name) => basename(name)).sort()).toEqual(expect.arrayContaining(['state.json', expect.stringMatching(/^step-\d+\.safetensors$/)]));

  const { stdout: shown } = await pipeline(['show', 'quickstart', '--artifacts', artifacts]);
  expect(shown).toContain('interrupted');
  expect(shown).toContain('training.optimizer.lr: 0.001');
});

test('of several experiments the first that fails ends it; what was done before stays and is reported', async () => {
  const [good, bad] = [join(folder, 'good.yaml'), join(folder, 'bad.yaml')];
  const rows = join(folder, 'rows.csv');
  writeFileSync(rows, 'id,text,target\n1,one,0\n2,two,\n3,three,1\n4,four,1\n5,five,0\n');
  writeFileSync(good, `extends: ${join(root, 'configs/quickstart.yaml')}\nname: good\n`);
  writeFileSync(bad, `extends: good.yaml\nname: bad\ndata: { train: ${rows} }\n`);
  const { code, stdout } = await pipeline(['run', good, bad, good, '--until', 'split', '--artifacts', join(folder, 'several'), '--json']);
  expect(code).toBe(2);
  const { runs, error } = JSON.parse(stdout) as { runs: readonly { run: string; executed: number }[]; error: { code: string; message: string } };
  expect(runs).toMatchObject([{ run: 'good', executed: 2, config: good }]);
  expect(error.code).toBe('data');
  expect(error.message).toContain(`${bad}: `);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as ortrain from '../../src/index.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';

/* What a compiler would refuse, in JavaScript. */

const artifacts = temporaryFolder();
const folder = join(artifacts, 'runs', 'quickstart');
mkdirSync(folder, { recursive: true });
for (const name of ['config.yaml', 'journal.jsonl']) writeFileSync(join(folder, name), '');

const { check, compare, evaluate, openClassifier, plan, run, sweep } = ortrain as unknown as Readonly<
  Record<string, (...args: readonly unknown[]) => Promise<unknown>>
>;

it.each([
  ['a device', () => run!('a.yaml', { device: 'tpu' }), 'device', 'device is "tpu"'],
  ['a device to plan for', () => plan!('a.yaml', { device: 7 }), 'device', 'device is 7'],
  ['threads', () => openClassifier!('x', { threads: 1.5 }), 'threads', 'threads is 1.5'],
  ['no threads', () => evaluate!('x', 'a.csv', { threads: 0 }), 'threads', 'threads is 0'],
  ['folds', () => openClassifier!('x', { folds: 1 }), 'folds', 'folds is 1'],
  ['no model', () => openClassifier!(), 'model', 'model is undefined'],
  ['an empty model', () => openClassifier!(''), 'model', 'model is ""'],
  ['overrides', () => check!('a.yaml', { overrides: ['seed=1', { seed: 1 }] }), 'overrides', 'overrides[1] is an object'],
  ['one run for several', () => compare!('a'), 'runs', 'runs is "a"'],
  ['a run that is none', () => compare!(['a', null]), 'runs[1]', 'runs[1] is null'],
  ['a sweep', () => sweep!({ base: 'a.yaml' }), 'file', 'file is an object'],
])('refuses %s', async (_, call, subject, message) => {
  await expect(call()).rejects.toMatchObject({ name: 'OrtrainError', code: 'usage', subject, message });
});

it('finds models and runs in the folder that relative paths start at', async () => {
  mkdirSync(join(artifacts, 'empty'), { recursive: true });
  const at = { cwd: artifacts, artifacts: '.' };
  const empty = join(artifacts, 'empty');
  await expect(openClassifier!('empty', at)).rejects.toMatchObject({ message: `${empty} holds no model: there is no config.json` });
  for (const read of [() => evaluate!('runs/quickstart', 'a.csv', at), () => compare!(['runs/quickstart'], at)])
    await expect(read()).rejects.toThrow(`${join(folder, 'config.yaml')}`);
});

it('says which run is meant, without asking the hub, and what a folder lacks', async () => {
  const near = { code: 'usage', message: 'there is no run, directory or file quickstrat', remedy: 'Did you mean quickstart?' };
  await expect(openClassifier!('quickstrat', { artifacts })).rejects.toMatchObject(near);
  await expect(openClassifier!(artifacts, { artifacts })).rejects.toMatchObject({ code: 'data', message: expect.stringContaining('holds no model') });
});

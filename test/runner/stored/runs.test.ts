import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runExperiment } from '../../../src/runner/index.ts';
import { listRuns, readRun } from '../../../src/runner/stored/index.ts';
import { twoClassRows, writeEvaluatedRun } from '../../helpers/evaluated-run.ts';
import { smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';
import { because } from '../../helpers/skips.ts';

const artifacts = temporaryFolder();
const rows = twoClassRows(24, 2, (row) => row % 5 === 0);
const sound = writeEvaluatedRun(artifacts, { name: 'sound', classes: ['0', '1'], rows, scores: [[0.6], [0.7]] });

test.each([
  ['config.yaml', 'name: [half of a'],
  ['metrics.json', '{"classes": 3}'],
  ['journal.jsonl', 'no journal\nat all\n'],
])('a damaged %s hides no other run, and the run itself is refused with the place', (file, content) => {
  const name = `damaged-${file.split('.')[0]}`;
  cpSync(sound, join(artifacts, 'runs', name), { recursive: true });
  writeFileSync(join(artifacts, 'runs', name, file), content);
  const listed = Object.fromEntries(listRuns(artifacts).map((run) => [run.name, run]));
  expect(listed[name]?.status).toBe('damaged');
  expect(listed['sound']).toMatchObject({ status: 'running', metrics: { classes: ['0', '1'] } });
  if (file !== 'journal.jsonl') expect(() => readRun(artifacts, name)).toThrow(file);
});

test.each([
  ['is empty', () => ''],
  ['lost its first line', (journal: string) => journal.slice(journal.indexOf('\n') + 1)],
])('a run whose journal %s is damaged, and did not start in 1970', (what, change) => {
  const name = what.replaceAll(' ', '-');
  cpSync(sound, join(artifacts, 'runs', name), { recursive: true });
  const journal = join(artifacts, 'runs', name, 'journal.jsonl');
  writeFileSync(journal, change(readFileSync(journal, 'utf8')));
  const startedAt = statSync(journal).mtime.toISOString();
  expect(listRuns(artifacts).find((run) => run.name === name)).toMatchObject({ status: 'damaged', startedAt, seconds: null });
  expect(readRun(artifacts, name)).toMatchObject({ status: 'damaged', startedAt });
  rmSync(join(artifacts, 'runs', name), { recursive: true });
});

test('a run tells how many of its folds are trained, whether it has been evaluated or not', () => {
  const into = temporaryFolder();
  const folds = (): unknown => listRuns(into).map(({ trainedFolds, experiment }) => [trainedFolds, experiment?.split.folds]);
  const folder = writeEvaluatedRun(into, {
    name: 'one',
    classes: ['0', '1'],
    rows,
    scores: [[0.6]],
    change: (experiment) => ({ ...experiment, split: { ...experiment.split, folds: 5, only: [0] } }),
  });
  expect(folds()).toEqual([[1, 5]]);
  rmSync(join(folder, 'metrics.json'));
  expect(folds()).toEqual([[0, 5]]);
  for (const fold of [0, 3]) mkdirSync(join(folder, 'models', `fold-${fold}`), { recursive: true });
  expect(folds()).toEqual([[2, 5]]);
  expect(readRun(into, 'one').trainedFolds).toBe(2);
});

/** Carried out once, and copied. */
let small: ReturnType<typeof runExperiment> | undefined;

/** Puts something in place of a file or folder that only seems to belong to the run. */
const disguises: Readonly<Record<string, (path: string, outside: string) => void>> = {
  link: (path, outside) => symlinkSync(outside, path),
  pipe: (path) => execFileSync('mkfifo', [path]),
  directory: (path) => mkdirSync(path),
};

describe.skipIf(because('links and pipes in a run folder', process.platform === 'win32'))('what is no file of the run', () => {
  test.each(
    ['config.yaml', 'metrics.json', 'journal.jsonl'].flatMap((file) => Object.keys(disguises).map((kind) => [kind, file] as const)),
  )('is never opened: a %s as %s', (kind, file) => {
    const [name, outside] = [`${kind}-${file.split('.')[0]}`, join(artifacts, 'outside')];
    const folder = join(artifacts, 'runs', name);
    cpSync(sound, folder, { recursive: true });
    cpSync(join(folder, file), outside);
    rmSync(join(folder, file));
    disguises[kind]?.(join(folder, file), outside);
    expect(listRuns(artifacts).find((run) => run.name === name)?.status).toBe('damaged');
    if (file === 'journal.jsonl') expect(readRun(artifacts, name).status).toBe('damaged');
    else expect(() => readRun(artifacts, name)).toThrow(expect.objectContaining({ code: 'data', subject: join(folder, file) }));
    rmSync(folder, { recursive: true });
  });

  test('a run that is a link is not one of these runs', () => {
    symlinkSync(sound, join(artifacts, 'runs', 'linked'));
    expect(listRuns(artifacts).find(({ name }) => name === 'linked')?.status).toBe('damaged');
    expect(() => readRun(artifacts, 'linked')).toThrow('is a link');
    expect(() => readRun(artifacts, join(artifacts, 'runs', 'linked'))).toThrow('is a link');
    rmSync(join(artifacts, 'runs', 'linked'));
  });

  test.each([
    ['link', 'journal.jsonl'],
    ['pipe', 'journal.jsonl'],
    ['directory', 'metrics.json'],
    ['link', 'environment.json'],
    ['link', 'figures'],
    ['link', 'models'],
    ['link', 'models/fold-0'],
    ['pipe', 'mlflow'],
    ['link', ''],
  ])('ends a run before anything is made: a %s as %s', async (kind, name) => {
    const own = join(artifacts, `own-${kind}-${name.replace('/', '-')}`);
    const folder = join(own, 'runs', 'small');
    const experiment = await smallQuickstart('name=small');
    small ??= runExperiment(experiment, { artifacts: join(artifacts, 'small'), device: 'auto', until: 'split' }, () => {});
    cpSync((await small).folder, folder, { recursive: true });
    const outside = join(own, 'outside');
    if (name === '') cpSync(folder, outside, { recursive: true });
    else if (name.includes('.')) writeFileSync(outside, 'mine');
    else mkdirSync(outside);
    mkdirSync(join(folder, 'models'), { recursive: true });
    rmSync(join(folder, name), { recursive: true, force: true });
    disguises[kind]?.(join(folder, name), outside);
    const before = statSync(outside).isFile() ? readFileSync(outside, 'utf8') : readdirSync(outside).join();
    await expect(runExperiment(experiment, { artifacts: own, device: 'auto', until: 'split' }, () => {})).rejects.toMatchObject({
      code: 'data',
      subject: join(folder, name).replace(/\/$/, ''),
    });
    expect(statSync(outside).isFile() ? readFileSync(outside, 'utf8') : readdirSync(outside).join()).toBe(before);
    expect(readdirSync(join(own, 'runs'))).toEqual(['small']);
  });
});

describe('the index of runs', () => {
  const own = temporaryFolder();
  const index = join(own, 'cache', 'runs.json');
  const [first, second] = ['first', 'second'].map((name) =>
    writeEvaluatedRun(own, { name, classes: ['0', '1'], rows, scores: [[0.6], [0.7]] }),
  ) as [string, string];
  const list = (): readonly (readonly [string, string, number | undefined])[] =>
    listRuns(own).map(({ name, status, metrics }) => [name, status, metrics?.folds.length] as const);
  const whole = [
    ['first', 'running', 2],
    ['second', 'running', 2],
  ] as const;

  test('answers what the files say, and is made again where it is damaged or foreign', async () => {
    expect(list()).toEqual(whole);
    await new Promise((settled) => setTimeout(settled, 2100));
    expect(list()).toEqual(whole);
    const made = readFileSync(index, 'utf8');
    expect(made).toContain('"first"');
    for (const broken of [
      '',
      '{}',
      made.slice(0, -40),
      made.replace('"circumstances"', '"circumstanses"'),
      made.replace('first', 'third'),
      `${'0'.repeat(64)}\n{"first":5}\n`,
    ]) {
      writeFileSync(index, broken);
      expect(list()).toEqual(whole);
      expect(readFileSync(index, 'utf8')).toBe(made);
    }
    rmSync(index);
    mkdirSync(index);
    expect(list()).toEqual(whole);
    rmSync(index, { recursive: true });
    expect(list()).toEqual(whole);
    expect(readFileSync(index, 'utf8')).toBe(made);
  });

  test('does not outlive the files: what has grown, changed, or gone is read again', () => {
    appendFileSync(
      join(first, 'journal.jsonl'),
      `${JSON.stringify({ v: 1, t: 0, type: 'run-finished', run: 'first', seconds: 3, summary: {} })}\n`,
    );
    expect(listRuns(own).find(({ name }) => name === 'first')).toMatchObject({ status: 'done', seconds: 3 });
    const config = join(second, 'config.yaml');
    const { atime, mtime } = statSync(config);
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace('seed: 42', 'seed: 43'));
    utimesSync(config, atime, mtime);
    expect(listRuns(own).find(({ name }) => name === 'second')?.experiment?.seed).toBe(43);
    rmSync(first, { recursive: true });
    expect(list()).toEqual([['second', 'running', 2]]);
  });

  test('knows the results in short, and that they are damaged', () => {
    expect(listRuns(own)[0]?.results).toMatchObject({ folds: [0, 1], classes: ['0', '1'] });
    writeFileSync(join(second, 'metrics.json'), '[]');
    expect(listRuns(own)[0]).toMatchObject({ status: 'damaged', results: null, metrics: null });
  });
});

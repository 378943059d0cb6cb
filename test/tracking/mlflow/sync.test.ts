import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/core/hash.ts';
import { RandomState } from '../../../src/core/random.ts';
import { trackingServer, type TrackingServer } from '../../../src/tracking/mlflow/server.ts';
import { syncRun, type SyncOptions } from '../../../src/tracking/mlflow/sync.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';
import { fakeServer, type FakeRun, type FakeServer } from './fake-server.ts';
import { DEAD, foldRows, madeRun, type MadeOptions } from './journals.ts';

const root = temporaryFolder();
let fake: FakeServer;
let artifacts: string;
let count = 0;
beforeEach(async () => {
  fake = await fakeServer();
  artifacts = join(root, String((count += 1)));
});
afterEach(async () => {
  await fake.close();
  expect(fake.corrupted).toEqual([]);
  expect(fake.busiest()).toBeLessThanOrEqual(1);
});

const serverOf = ({ uri }: { readonly uri: string }): TrackingServer => trackingServer(uri, {}, root) as TrackingServer;
const sync = (folder: string, options: Partial<SyncOptions> = {}) =>
  syncRun(folder, serverOf(fake), { env: {}, signal: new AbortController().signal, firstMs: 1, ...options });
const made = (options: MadeOptions = {}) => madeRun(artifacts, options);
const named = (name: string): FakeRun => {
  const found = [...fake.runs.values()].filter((run) => run.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] as FakeRun;
};
const values = (run: FakeRun, key: string): readonly (readonly [number, unknown])[] =>
  [...run.metrics]
    .map((row) => JSON.parse(row) as [string, number, number, unknown])
    .filter(([name]) => name === key)
    .map(([, , step, value]) => [step, value] as const);
const snapshot = (): unknown =>
  [...fake.runs.values()].map((run) => ({
    ...run,
    metrics: [...run.metrics],
    params: [...run.params],
    tags: [...run.tags],
    artifacts: [...run.artifacts.keys()],
    datasets: [...run.datasets],
  }));
const rejected = (folder: string): readonly { readonly item: unknown; readonly reason: string }[] =>
  readFileSync(join(folder, 'mlflow', 'rejected.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { item: unknown; reason: string });

describe('a run', () => {
  test('arrives whole: experiment above folds, params, metrics, tags, datasets, artifacts', async () => {
    const { folder, lines } = await made();
    expect(await sync(folder)).toMatchObject({
      state: 'uploaded',
      entries: lines.length,
      rejected: 0,
      page: `${fake.uri}/#/experiments/1/runs/run1?workflowType=machine_learning`,
    });
    const [run, fold] = [named('made'), named('fold 1 · made')];
    expect(run).toMatchObject({ status: 'FINISHED', startTime: 1_700_000_000_000, endTime: 1_700_000_000_000 + (lines.length - 1) * 10 });
    expect(run.params.get('training.optimizer.lr')).toBe('0.001');
    expect(run.params.get('model.head.dense')).toBe('[]');
    expect(run.params.get('split.seed')).toBe('null');
    expect(Object.fromEntries(run.tags)).toMatchObject({
      'mlflow.user': 'someone',
      'mlflow.source.git.commit': 'a'.repeat(40),
      'mlflow.source.name': 'pipeline run made.yaml',
      'ortrain.data_digest': 'b'.repeat(64),
    });
    expect(Object.fromEntries(run.datasets)).toEqual({ 'train.csv (training)': 'b'.repeat(36), 'test.csv (test)': 'c'.repeat(36) });
    expect([...run.artifacts.keys()]).toEqual(['config.yaml', 'metrics.json']);
    expect(values(run, 'oof/roc_auc')).toEqual([[0, 'NaN']]);
    expect(values(run, 'cv/f1_macro/mean')).toEqual([[0, 0.8]]);
    expect(fold).toMatchObject({ status: 'FINISHED' });
    expect(fold.tags.get('mlflow.parentRunId')).toBe(run.id);
    expect(fold.params.get('training.optimizer.lr')).toBe('0.001');
    expect(fold.metrics.size).toBe(foldRows(3, 5));
    expect(values(fold, 'val/f1_macro')).toEqual([[1, 0.81], [2, 0.8200000000000001], [3, 0.8300000000000001]]);
    expect(values(fold, 'best/f1_macro')).toEqual([[0, 0.8300000000000001]]);
    expect(values(fold, 'step/loss')).toHaveLength(15);
    expect(fake.runs.size).toBe(3);
  });

  test('shows what it took of the machine under the names of MLflow, numbered on through a pause in sending', async () => {
    const { folder, lines } = await made({ looks: 3 });
    const journal = join(folder, 'journal.jsonl');
    const second = lines.findIndex((line) => line.includes('"cpuPercent":151'));
    writeFileSync(journal, lines.slice(0, second + 1).map((line) => `${line}\n`).join(''));
    await sync(folder);
    writeFileSync(journal, lines.map((line) => `${line}\n`).join(''));
    await sync(folder);
    const run = named('made');
    expect(values(run, 'system/cpu_utilization_percentage')).toEqual([[0, 75], [1, 75.5], [2, 76]]);
    const keys = new Set([...run.metrics].map((row) => (JSON.parse(row) as [string])[0]).filter((key) => key.startsWith('system/')));
    const last = Object.fromEntries([...keys].map((key) => [key.slice('system/'.length), values(run, key).at(-1)?.[1]]));
    // 2 cores; 2 GB of 8 are free.
    expect(last).toEqual({
      cpu_utilization_percentage: 76,
      system_memory_usage_megabytes: 6000,
      system_memory_usage_percentage: 75,
      process_memory_usage_megabytes: 1000,
      gpu_0_utilization_percentage: 37,
      gpu_0_memory_usage_megabytes: 20_000,
      gpu_0_memory_usage_percentage: 25,
    });
  });

  test('sent again changes nothing: with its checkpoint no request, without it no row', async () => {
    const { folder } = await made();
    await sync(folder);
    const [before, requests] = [snapshot(), fake.requests.length];
    expect(await sync(folder)).toMatchObject({ entries: 0 });
    expect(fake.requests).toHaveLength(requests);
    rmSync(join(folder, 'mlflow'), { recursive: true });
    await sync(folder);
    expect(fake.requests.length).toBeGreaterThan(requests);
    expect(snapshot()).toEqual(before);
  });

  test('goes on where it stopped when the journal has grown, and a torn line waits', async () => {
    const { folder, lines } = await made();
    const journal = join(folder, 'journal.jsonl');
    const half = Math.floor(lines.length / 2);
    writeFileSync(journal, `${lines.slice(0, half).join('\n')}\n${(lines[half] ?? '').slice(0, 20)}`);
    expect(await sync(folder)).toMatchObject({ entries: half });
    writeFileSync(journal, `${lines.join('\n')}\n`);
    expect(await sync(folder)).toMatchObject({ entries: lines.length - half });
    expect(named('made').status).toBe('FINISHED');
    expect([0, 1].map((fold) => named(`fold ${fold} · made`).metrics.size)).toEqual([foldRows(3, 5), foldRows(3, 5)]);
  });

  test.each([
    ['killed', 'KILLED', undefined],
    ['interrupted', 'KILLED', 'it did not work'],
    ['failed', 'FAILED', 'it did not work'],
  ] as const)('that was %s is %s, and so is the fold at work', async (end, status, error) => {
    const { folder, lines } = await made({ end });
    await sync(folder);
    for (const run of [named('made'), named('fold 1 · made')])
      expect(run).toMatchObject({ status, endTime: 1_700_000_000_000 + (lines.length - 1) * 10 });
    expect(named('fold 0 · made').status).toBe('FINISHED');
    expect(named('made').tags.get('ortrain.error')).toBe(error);
  });

  test('that was killed and begun again is one run, and its cached fold keeps its curves', async () => {
    const { folder, lines } = await made({ end: 'killed' });
    await sync(folder);
    const rows = named('fold 0 · made').metrics.size;
    const about = { run: 'made', task: 'train[0]', stage: 'train', fold: 0 };
    const more = [
      { ...(JSON.parse(lines[0] ?? '') as object), t: 1_700_000_900_000 },
      {
        v: 1,
        t: 1_700_000_900_001,
        type: 'task-cached',
        ...about,
        record: { bestEpoch: 1, epochs: [{ epoch: 1, lr: 1, metrics: { 'val/loss': 9 } }] },
      },
      {
        v: 1,
        t: 1_700_000_900_002,
        type: 'task-finished',
        ...about,
        task: 'train[1]',
        fold: 1,
        seconds: 1,
        record: { bestEpoch: 4, epochs: [3, 4].map((epoch) => ({ epoch, lr: 1, metrics: { 'val/loss': 0.1 } })) },
      },
      { v: 1, t: 1_700_000_900_003, type: 'run-finished', run: 'made', seconds: 1, summary: {} },
    ];
    appendFileSync(join(folder, 'journal.jsonl'), more.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    await sync(folder);
    expect(fake.runs.size).toBe(3);
    expect(named('made')).toMatchObject({ status: 'FINISHED', endTime: 1_700_000_900_003 });
    expect(named('fold 0 · made').metrics.size).toBe(rows);
    const resumed = named('fold 1 · made');
    expect(resumed).toMatchObject({ status: 'FINISHED', endTime: 1_700_000_900_002 });
    // Epoch 3 was told of before; epoch 4 happened between a checkpoint and the death of the process.
    expect(values(resumed, 'val/loss').map(([step]) => step)).toEqual([1, 2, 3, 4]);
    expect(values(resumed, 'best/epoch')).toEqual([[0, 4]]);
  });

  test('whose fold came from another run’s cache has that fold’s curves', async () => {
    const { folder, lines } = await made({ folds: 1 });
    const record = {
      bestEpoch: 2,
      epochs: [1, 2].map((epoch) => ({ epoch, lr: 1e-3, metrics: { 'train/loss': 1, 'val/loss': 0.5 / epoch } })),
    };
    const cached = { v: 1, t: 1_700_000_000_020, type: 'task-cached', run: 'made', task: 'train[0]', stage: 'train', fold: 0, record };
    writeFileSync(
      join(folder, 'journal.jsonl'),
      [lines[0], JSON.stringify(cached), lines.at(-1)].map((line) => `${line ?? ''}\n`).join(''),
    );
    await sync(folder);
    const fold = named('fold 0 · made');
    expect(values(fold, 'val/loss')).toEqual([[1, 0.5], [2, 0.25]]);
    expect(values(fold, 'best/epoch')).toEqual([[0, 2]]);
    expect(fold).toMatchObject({ status: 'FINISHED' });
  });

  test('that another process is at is left to it', async () => {
    const { folder } = await made({ end: 'killed', pid: process.ppid });
    expect(await sync(folder)).toMatchObject({ state: 'at-work', entries: 0 });
    expect(fake.requests).toEqual([]);
  });

  test('sends models only where they are asked for, to their folds', async () => {
    const [without, with_] = [await made({ name: 'without' }), await made({ name: 'with', set: ['tracking.mlflow.log_models=true'] })];
    for (const { folder, lines } of [without, with_]) {
      mkdirSync(join(folder, 'models', 'fold-1'), { recursive: true });
      writeFileSync(join(folder, 'models', 'fold-1', 'config.json'), '{}');
      const artifact = {
        v: 1,
        t: 1_700_000_000_500,
        type: 'artifact',
        run: 'x',
        path: 'models/fold-1/config.json',
        bytes: 2,
        sha256: sha256('{}'),
      };
      writeFileSync(
        join(folder, 'journal.jsonl'),
        [...lines.slice(0, -1), JSON.stringify(artifact), lines.at(-1)].map((line) => `${line ?? ''}\n`).join(''),
      );
      await sync(folder);
    }
    expect([...named('fold 1 · without').artifacts.keys()]).toEqual([]);
    expect([...named('fold 1 · with').artifacts.keys()]).toEqual(['model/config.json']);
  });

  test('gets a report that is drawn after its end, once, and again when it is drawn anew', async () => {
    const { folder } = await made();
    await sync(folder);
    writeFileSync(join(folder, 'report.html'), 'first');
    await sync(folder);
    expect(named('made').artifacts.get('report.html')?.toString()).toBe('first');
    const requests = fake.requests.length;
    await sync(folder);
    expect(fake.requests).toHaveLength(requests);
    writeFileSync(join(folder, 'report.html'), 'second');
    await sync(folder);
    expect(named('made').artifacts.get('report.html')?.toString()).toBe('second');
  });
});

describe('a command with several experiments', () => {
  const command = { id: 'c0ffee', name: 'one · two', size: 2 };

  test('is a run above theirs that names the best and ends with the last', async () => {
    const [one, two] = [await made({ name: 'one', f1: 0.7, command }), await made({ name: 'two', f1: 0.9, command, folds: 3 })];
    await sync(one.folder);
    await sync(two.folder);
    const parent = named('one · two');
    for (const name of ['one', 'two']) expect(named(name).tags.get('mlflow.parentRunId')).toBe(parent.id);
    expect(parent).toMatchObject({ status: 'FINISHED', endTime: named('two').endTime });
    expect(parent.tags.get('ortrain.best_run')).toBe('two');
    expect(parent.tags.get('ortrain.best_run_id')).toBe(named('two').id);
    expect(values(parent, 'best/oof/f1_macro').at(-1)).toEqual([0, 0.9]);
    expect(Object.fromEntries(parent.tags)).toMatchObject({
      'ortrain.level': 'command',
      'mlflow.user': 'someone',
      'mlflow.source.git.commit': 'a'.repeat(40),
      'mlflow.source.name': 'pipeline run made.yaml',
    });
    expect(fake.runs.size).toBe(1 + 2 + 2 + 3);
    const requests = fake.requests.length;
    await sync(one.folder);
    expect(fake.requests).toHaveLength(requests);
  });

  test('ends KILLED when its process died before all of them', async () => {
    const { folder } = await made({ name: 'one', command });
    await sync(folder);
    expect(named('one · two')).toMatchObject({ status: 'KILLED', endTime: named('one').endTime });
  });

  test('ends FAILED when one of them did', async () => {
    await sync((await made({ name: 'one', command })).folder);
    await sync((await made({ name: 'two', command, end: 'failed' })).folder);
    expect(named('one · two').status).toBe('FAILED');
  });
});

describe('the experiment on the server', () => {
  const own = ['tracking.mlflow.experiment=null'];
  const command = { id: 'c0ffee', name: 'one · two', size: 2 };
  const experimentOf = (run: FakeRun): string | undefined => [...fake.experiments].find(([, { id }]) => id === run.experiment)?.[0];
  const append = (folder: string, ...entries: readonly object[]): void =>
    appendFileSync(join(folder, 'journal.jsonl'), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  const begunAgain = (line: string | undefined, more: object): readonly object[] => {
    const start = JSON.parse(line ?? '') as { readonly t: number; readonly run: string };
    return [
      { ...start, t: start.t + 1e6, ...more },
      { v: 1, t: start.t + 2e6, type: 'run-finished', run: start.run, seconds: 1, summary: { 'oof/f1_macro': 0.7 } },
    ];
  };

  test('is by default that of the command, so that its runs stand below each other', async () => {
    for (const name of ['one', 'two']) await sync((await made({ name, command, set: own })).folder);
    expect([...fake.runs.values()].map(experimentOf)).toEqual(Array.from({ length: 7 }, () => 'one · two'));
    expect(named('one').tags.get('mlflow.parentRunId')).toBe(named('one · two').id);
    await sync((await made({ name: 'alone', set: own })).folder);
    expect(experimentOf(named('alone'))).toBe('alone');
  });

  test('says that models are trained in it, where nobody has said otherwise', async () => {
    fake.experiments.set('tests', { id: '1', stage: 'active', tags: new Map([['mlflow.experimentKind', 'genai_development']]) });
    fake.experiments.set('bare', { id: '2', stage: 'active', tags: new Map() });
    await sync((await made()).folder);
    for (const name of ['bare', 'fresh']) await sync((await made({ name, set: [`tracking.mlflow.experiment=${name}`] })).folder);
    expect([...fake.experiments.values()].map(({ tags }) => tags?.get('mlflow.experimentKind'))).toEqual([
      'genai_development',
      'custom_model_development',
      'custom_model_development',
    ]);
  });

  test('stays that of a run that has one, whatever names say now', async () => {
    const { folder, lines } = await made({ set: own });
    await sync(folder, { env: { MLFLOW_EXPERIMENT_NAME: 'before' } });
    append(folder, ...begunAgain(lines[0], {}));
    await sync(folder);
    expect(experimentOf(named('made'))).toBe('before');
    expect([...fake.experiments.keys()]).toEqual(['before']);
  });

  test('of a command that shows a run beside others has all of it, and the former keeps what it had', async () => {
    const { folder, lines } = await made({ name: 'one', set: own });
    await sync(folder);
    append(folder, ...begunAgain(lines[0], { command }));
    await sync(folder);
    await sync((await made({ name: 'two', command, set: own })).folder);
    const copies = [...fake.runs.values()].filter(({ name }) => name === 'one');
    expect(copies.map(experimentOf)).toEqual(['one', 'one · two']);
    expect(copies.map(({ status }) => status)).toEqual(['FINISHED', 'FINISHED']);
    const rows = (experiment: string): number =>
      [...fake.runs.values()]
        .filter((run) => experimentOf(run) === experiment && run.name.endsWith('one') && run.name !== 'one')
        .reduce((sum, run) => sum + run.metrics.size, 0);
    expect(rows('one · two')).toBe(rows('one'));
    expect(named('one · two')).toMatchObject({ status: 'FINISHED' });
    expect(copies[1]?.tags.get('mlflow.parentRunId')).toBe(named('one · two').id);
    const requests = fake.requests.length;
    expect(await sync(folder)).toMatchObject({ entries: 0 });
    expect(fake.requests).toHaveLength(requests);
  });

  test('is found again by a checkpoint under the name that it had before', async () => {
    const { folder } = await made();
    await sync(folder);
    const { key, formerKey = '' } = serverOf(fake);
    renameSync(join(folder, 'mlflow', `${key}.json`), join(folder, 'mlflow', `${formerKey}.json`));
    const requests = fake.requests.length;
    expect(await sync(folder)).toMatchObject({ entries: 0 });
    expect(fake.requests).toHaveLength(requests);
    const path = join(folder, 'mlflow', `${formerKey}.json`);
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), server: 'http://another' }));
    expect((await sync(folder)).entries).toBeGreaterThan(0);
  });
});

describe('a poor server', () => {
  const everything = async (): Promise<void> => {
    expect(named('made').status).toBe('FINISHED');
    expect([0, 1].map((fold) => named(`fold ${fold} · made`).metrics.size)).toEqual([foldRows(40, 20), foldRows(40, 20)]);
    expect([...named('made').artifacts.keys()]).toEqual(['config.yaml', 'metrics.json']);
  };
  const large = () => made({ epochs: 40, steps: 20 });

  test('that answers 500 half the time gets everything once', async () => {
    const random = new RandomState(1);
    fake.fault = () => (random.sample() < 0.5 ? { status: 500, body: 'Internal Server Error' } : undefined);
    const { folder } = await large();
    // Six tries in a row may fail; what was sent stays sent.
    for (let i = 0; i < 20; i += 1) if (await sync(folder).then(() => true, () => false)) break;
    await everything();
  });

  test('that does its work and loses the answer makes no second run and no second row', async () => {
    fake.fault = (request, n) => (n % 2 === 1 && !request.startsWith('GET') ? 'lost' : undefined);
    await sync((await large()).folder);
    await everything();
    expect(fake.runs.size).toBe(3);
  });

  test('that cuts connections gets everything', async () => {
    fake.fault = (_, n) => (n % 3 === 0 ? 'cut' : undefined);
    await sync((await large()).folder);
    await everything();
  });

  test('that takes writes for conflicts gets the same again', async () => {
    fake.fault = (request, n) =>
      request.includes('log-batch') && n % 2 === 0
        ? { status: 400, body: '{"error_code":"BAD_REQUEST","message":"QueuePool limit of size 5 overflow 10 reached"}' }
        : undefined;
    await sync((await large()).folder);
    await everything();
  });

  test('behind a proxy that takes little gets small parts', async () => {
    let parts = 0;
    const { folder } = await large();
    fake.fault = (request) =>
      request.includes('log-batch') && (parts += 1) < 4 ? { status: 413, body: '<html>413 Request Entity Too Large</html>' } : undefined;
    await sync(folder);
    await everything();
  });

  test('that is away is an error that says nothing is lost, and the next sync sends it', async () => {
    const { folder } = await large();
    fake.fault = () => ({ status: 503, body: '{"error_code":"TEMPORARILY_UNAVAILABLE","message":"locked"}' });
    await expect(sync(folder)).rejects.toMatchObject({ code: 'environment', remedy: expect.stringContaining('Nothing is lost') });
    fake.fault = () => undefined;
    await sync(folder);
    await everything();
  });

  test('of another kind, without permission or with a foreign name, is named with its cure', async () => {
    const { folder } = await made();
    for (const [status, body, remedy] of [
      [401, 'You are not authenticated', 'MLFLOW_TRACKING_USERNAME'],
      [403, '{"error_code":"PERMISSION_DENIED","message":"Permission denied"}', 'permission'],
      [404, '<html>nginx</html>', 'MLFLOW_TRACKING_URI'],
      [200, '<html>Welcome</html>', 'MLFLOW_TRACKING_URI'],
      [500, '{"error_code":"FEATURE_DISABLED","message":"Workspaces"}', 'MLFLOW_WORKSPACE'],
      [302, '', 'https://login.example'],
    ] as const) {
      fake.fault = () => ({ status, body, ...(status === 302 ? { headers: { location: 'https://login.example/?next=secret' } } : {}) });
      await expect(sync(folder)).rejects.toMatchObject({ code: 'environment', remedy: expect.stringContaining(remedy) });
    }
  });

  test('that does not know its own name refuses, whatever its health says', async () => {
    const strict = await fakeServer({ allowedHosts: ['localhost'] });
    const { folder } = await made();
    const refused = syncRun(folder, serverOf(strict), { env: {}, signal: new AbortController().signal, firstMs: 1 });
    await expect(refused).rejects.toMatchObject({ remedy: expect.stringContaining('--allowed-hosts') });
    await syncRun(folder, serverOf({ uri: strict.uri.replace('127.0.0.1', 'localhost') }), {
      env: {},
      signal: new AbortController().signal,
      firstMs: 1,
    });
    expect(strict.runs.size).toBe(3);
    await strict.close();
  });

  test('under a path gets everything under that path', async () => {
    const below = await fakeServer({ prefix: '/team/mlflow' });
    const { folder } = await made();
    await syncRun(folder, serverOf(below), { env: {}, signal: new AbortController().signal, firstMs: 1 });
    expect(below.runs.size).toBe(3);
    await below.close();
  });
});

describe('something that cannot be stored', () => {
  const withMetrics = async (metrics: Readonly<Record<string, unknown>>, t: number = 1_700_000_000_015): Promise<string> => {
    const { folder, lines } = await made({ folds: 1 });
    const epoch = {
      v: 1,
      t,
      type: 'task-event',
      run: 'made',
      task: 'train[0]',
      stage: 'train',
      fold: 0,
      event: { type: 'epoch', epoch: 7, step: 1, lr: 1, seconds: 1, metrics },
    };
    writeFileSync(
      join(folder, 'journal.jsonl'),
      [...lines.slice(0, 4), JSON.stringify(epoch), '{ not JSON', ...lines.slice(4)].map((line) => `${line}\n`).join(''),
    );
    return folder;
  };

  test('is set aside with its reason, and all the rest arrives', async () => {
    const folder = await withMetrics({ 'val/f1@5': 0.5, 'val/good': 0.25, 'val/none': null });
    expect(await sync(folder)).toMatchObject({ state: 'uploaded', rejected: 2 });
    const fold = named('fold 0 · made');
    expect(fold.metrics.size).toBe(foldRows(3, 5) + 3);
    expect(values(fold, 'val/none')).toEqual([[7, 'NaN']]);
    expect(
      rejected(folder)
        .map(({ reason }) => reason)
        .toSorted(),
    ).toEqual(['in the journal, this line is not JSON: "{ not JSON"', 'the key holds "@"']);
  });

  test('for a reason that only the server knows is found by halving', async () => {
    const folder = await withMetrics({ 'val/poison': 0.5, 'val/good': 0.5 });
    fake.fault = (request, _, body) =>
      request.includes('log-batch') && body.includes('val/poison')
        ? { status: 400, body: '{"error_code":"INVALID_PARAMETER_VALUE","message":"I do not like it"}' }
        : undefined;
    expect(await sync(folder)).toMatchObject({ rejected: 2 });
    expect(rejected(folder).map(({ item }) => item)).toContainEqual({
      key: 'val/poison',
      value: 0.5,
      timestamp: 1_700_000_000_015,
      step: 7,
    });
    expect(named('fold 0 · made').metrics.size).toBe(foldRows(3, 5) + 2);
  });

  test('a param that the server knows with another value stays as it is there', async () => {
    const { folder } = await made();
    await sync(folder);
    named('made').params.set('seed', '7');
    rmSync(join(folder, 'mlflow'), { recursive: true });
    expect(await sync(folder)).toMatchObject({ rejected: 1 });
    expect(rejected(folder)[0]?.item).toEqual({ key: 'seed', value: '42' });
    expect(named('made').params.get('training.epochs')).toBe('1');
  });

  test('an artifact that cannot be put is given up, not the run', async () => {
    const { folder } = await made();
    fake.fault = (request) => (request.endsWith('/config.yaml') ? { status: 500, body: '{"detail":"Not a directory"}' } : undefined);
    expect(await sync(folder)).toMatchObject({ rejected: 1 });
    expect([...named('made').artifacts.keys()]).toEqual(['metrics.json']);
    expect(named('made').status).toBe('FINISHED');
  });

  test('a run that was deleted there is not made again behind the person’s back', async () => {
    const { folder } = await made({ end: 'killed' });
    await sync(folder);
    named('made').isDeleted = true;
    appendFileSync(
      join(folder, 'journal.jsonl'),
      `${JSON.stringify({ v: 1, t: 1_700_000_900_000, type: 'run-failed', run: 'made', seconds: 1, error: 'x', interrupted: false })}\n`,
    );
    await expect(sync(folder)).rejects.toMatchObject({ remedy: expect.stringContaining('--anew') });
    await sync(folder, { anew: true });
    expect([...fake.runs.values()].filter(({ name, isDeleted }) => name === 'made' && !isDeleted)).toHaveLength(1);
  });

  test('an experiment that was deleted there is its owner’s matter', async () => {
    fake.experiments.set('tests', { id: '1', stage: 'deleted' });
    await expect(sync((await made()).folder)).rejects.toMatchObject({
      message: expect.stringContaining('deleted'),
      remedy: expect.stringContaining('tracking.mlflow.experiment'),
    });
  });
});

test('an experiment that someone makes at the same time is found', async () => {
  const { folder } = await made();
  fake.fault = (request) => {
    if (request === 'POST experiments/create') fake.experiments.set('tests', { id: '9', stage: 'active' });
    return undefined;
  };
  await sync(folder);
  expect(named('made').experiment).toBe('9');
});

test('credentials go with every request and into no file', async () => {
  const { folder } = await made();
  const seen = new Set<string | undefined>();
  fake.headers = ({ authorization }) => seen.add(authorization);
  const server = trackingServer(fake.uri.replace('//', '//me:geheim@'), {}, root) as TrackingServer;
  await syncRun(folder, server, { env: {}, signal: new AbortController().signal });
  expect([...seen]).toEqual([`Basic ${Buffer.from('me:geheim').toString('base64')}`]);
  for (const file of [server.key]) expect(readFileSync(join(folder, 'mlflow', `${file}.json`), 'utf8')).not.toMatch(/geheim|bWU6/);
});

test('the ids that stand for dead processes are those of no process', () => {
  expect(() => process.kill(DEAD, 0)).toThrow();
});

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RandomState } from '../../src/core/random.ts';
import { trackingServer, type TrackingServer } from '../../src/tracking/mlflow/server.ts';
import { syncRun } from '../../src/tracking/mlflow/sync.ts';
import { bin, pipeline as onTheCommandLine } from '../cli/bin.ts';
import { faultyProxy, type Mishap } from '../helpers/faulty-proxy.ts';
import { freePort } from '../helpers/free-port.ts';
import {
  describeMlflow,
  mlflowBin,
  readArtifacts,
  readHistory,
  readRuns,
  startMlflow,
  type ReadRun,
  type RealServer,
} from '../helpers/mlflow-server.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';
import { madeRun } from '../tracking/mlflow/journals.ts';

/** A real training run, a server that starts, or both, on a machine that has other work. */
const LONG = 240_000;

describeMlflow('a real MLflow server', () => {
  const folder = temporaryFolder();
  const artifacts = join(folder, 'artifacts');
  const store = join(folder, 'server');
  let server: RealServer;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    server = await startMlflow(store, port);
  }, LONG);
  afterAll(() => server?.end('SIGTERM'), LONG);

  const pipeline = (...args: readonly string[]) =>
    onTheCommandLine([...args, '--artifacts', artifacts], { env: { MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}` } });
  const small = [
    '--set',
    'split.folds=2',
    '--set',
    'training.epochs=2',
    '--set',
    'resources.threads=1',
    '--set',
    'model.max_seq_length=16',
    '--set',
    'data.test=null',
    '--set',
    'data.sample_submission=null',
  ];
  const config = (name: string, experiment: string, more = ''): string => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(
      path,
      `extends: ${join(root, 'configs/quickstart.yaml')}\nname: ${name}\ntracking: { mlflow: { experiment: ${experiment} } }\n${more}`,
    );
    return path;
  };
  const named = (runs: readonly ReadRun[], name: string): ReadRun => {
    const found = runs.filter((run) => run.name === name);
    expect(found, name).toHaveLength(1);
    return found[0] as ReadRun;
  };

  test('has the comparison above its experiments above their folds, with all that was measured', { timeout: LONG }, async () => {
    const files = [config('linear', 'nesting'), config('deep', 'nesting', 'model: { head: { dense: [8] } }\n')];
    const { code, stderr } = await pipeline('run', ...files, ...small, '--set', 'tracking.mlflow.log_models=true');
    expect(code, stderr).toBe(0);
    const runs = await readRuns(server.uri, 'nesting');
    expect(runs).toHaveLength(7);
    expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => 'FINISHED'));
    const parent = named(runs, 'linear · deep');
    expect(stderr).toContain(`MLflow shows it at ${server.uri}/#/experiments/1/runs/${parent.id}?workflowType=machine_learning`);
    for (const name of ['linear', 'deep']) {
      const run = named(runs, name);
      const { oof } = JSON.parse(readFileSync(join(artifacts, 'runs', name, 'metrics.json'), 'utf8')) as { oof: Record<string, number> };
      expect(run.tags['mlflow.parentRunId']).toBe(parent.id);
      expect(run.metrics['oof/f1_macro']).toBeCloseTo(oof['oof/f1_macro'] ?? NaN, 12);
      expect(run.params).toMatchObject({ name, 'model.head.dense': name === 'deep' ? '[8]' : '[]', 'training.optimizer.lr': '0.001' });
      expect(run.datasets).toEqual(['train.csv (training)']);
      expect(await readArtifacts(server.uri, run.id)).toEqual([
        'config.yaml',
        'environment.json',
        'figures',
        'findings.json',
        'folds.csv',
        'metrics.json',
        'oof.csv',
        'report.html',
      ]);
      expect(await readArtifacts(server.uri, run.id, 'figures')).toEqual(
        expect.arrayContaining(['figures/confusion.png', 'figures/confusion.svg', 'figures/learning-fold-1.png']),
      );
      for (const fold of [0, 1]) {
        const child = named(runs, `fold ${fold} · ${name}`);
        expect(child.tags['mlflow.parentRunId']).toBe(run.id);
        const curve = await readHistory(server.uri, child.id, 'val/f1_macro');
        expect(curve.map(({ step }) => step)).toEqual([1, 2]);
        expect(child.metrics['best/f1_macro']).toBe(Math.max(...curve.map(({ value }) => value)));
        expect(await readArtifacts(server.uri, child.id, 'model')).toContain('model/model.safetensors');
      }
    }
    const best =
      ['linear', 'deep'].toSorted(
        (a, b) => Number(named(runs, b).metrics['oof/f1_macro']) - Number(named(runs, a).metrics['oof/f1_macro']),
      )[0] ?? '';
    expect(parent.tags['ortrain.best_run']).toBe(best);
    expect(parent.metrics['best/oof/f1_macro']).toBe(named(runs, best).metrics['oof/f1_macro']);
  });

  test('is not changed by sending everything once more', { timeout: LONG }, async () => {
    const everything = async (): Promise<unknown> => {
      const runs = await readRuns(server.uri, 'nesting');
      const histories = await Promise.all(
        runs.map(async ({ id, metrics }) => Promise.all(Object.keys(metrics).map((key) => readHistory(server.uri, id, key)))),
      );
      return { runs, histories };
    };
    const before = await everything();
    const { code, stderr } = await pipeline('sync', '--anew');
    expect(code, stderr).toBe(0);
    expect(await everything()).toEqual(before);
  });

  test('learns of a training process that was killed', { timeout: LONG }, async () => {
    const child = spawn(
      process.execPath,
      [bin, 'run', config('killed', 'killed'), ...small, '--set', 'training.epochs=200', '--artifacts', artifacts],
      {
        cwd: root,
        env: { ...process.env, MLFLOW_TRACKING_URI: server.uri },
        stdio: 'ignore',
      },
    );
    const closed = new Promise((resolve) => child.on('close', resolve));
    const measured = async (): Promise<boolean> =>
      (await readRuns(server.uri, 'killed').catch(() => [])).some(
        ({ name, metrics }) => name.startsWith('fold 0') && 'val/loss' in metrics,
      );
    while (child.exitCode === null && !(await measured())) await sleep(200);
    child.kill('SIGKILL');
    await closed;
    expect(named(await readRuns(server.uri, 'killed'), 'killed').status).toBe('RUNNING');
    const { code, stderr } = await pipeline('sync', 'killed');
    expect(code, stderr).toBe(0);
    const runs = await readRuns(server.uri, 'killed');
    expect([named(runs, 'killed'), named(runs, 'fold 0 · killed')].map(({ status }) => status)).toEqual(['KILLED', 'KILLED']);
    const journal = readFileSync(join(artifacts, 'runs', 'killed', 'journal.jsonl'), 'utf8').split('\n');
    const epochs = journal.filter((line) => line.includes('"type":"epoch"')).length;
    expect(await readHistory(server.uri, named(runs, 'fold 0 · killed').id, 'val/loss')).toHaveLength(epochs);
  });

  /** 2 folds of 40 epochs of 50 steps: 4,000 rows of steps a fold. */
  const large = { epochs: 40, steps: 50, folds: 2 };
  const expectAll = async (name: string): Promise<void> => {
    const runs = await readRuns(server.uri, 'tests');
    expect(named(runs, name).status).toBe('FINISHED');
    for (const fold of [0, 1]) {
      const { id } = named(runs, `fold ${fold} · ${name}`);
      const rows = await Promise.all(
        ['step/loss', 'step/lr', 'val/f1_macro', 'best/epoch'].map(async (key) => (await readHistory(server.uri, id, key)).length),
      );
      expect(rows).toEqual([2000, 2000, 40, 1]);
    }
  };
  const sentSomething = (name: string): boolean => {
    const checkpoint = join(artifacts, 'runs', name, 'mlflow', `${trackingServer(server.uri, {})?.key}.json`);
    return existsSync(checkpoint) && (JSON.parse(readFileSync(checkpoint, 'utf8')) as { offset: number }).offset > 0;
  };
  /** Starts to send, and does something in the middle of it. */
  const interruptedSync = async (name: string, interrupt: (client: ReturnType<typeof spawn>) => Promise<void>): Promise<number | null> => {
    const client = spawn(process.execPath, [bin, 'sync', name, '--artifacts', artifacts], {
      cwd: root,
      env: { ...process.env, MLFLOW_TRACKING_URI: server.uri },
      stdio: 'ignore',
    });
    const closed = new Promise<number | null>((resolve) => client.on('close', resolve));
    while (client.exitCode === null && !sentSomething(name)) await sleep(5);
    await interrupt(client);
    return closed;
  };

  test('has every row once though the client was killed in the middle', { timeout: LONG }, async () => {
    await madeRun(artifacts, { name: 'client', ...large });
    expect(await interruptedSync('client', async (client) => void client.kill('SIGKILL'))).toBeNull();
    expect(named(await readRuns(server.uri, 'tests'), 'client').status).toBe('RUNNING');
    const { code, stderr } = await pipeline('sync', 'client');
    expect(code, stderr).toBe(0);
    await expectAll('client');
  });

  test('has every row once though half of what is asked goes wrong on the way', { timeout: LONG }, async () => {
    const { folder: run } = await madeRun(artifacts, { name: 'faults', ...large });
    const random = new RandomState(1);
    const befalls: readonly (Mishap | undefined)[] = ['error', 'cut', 'lost', 'slow', undefined, undefined, undefined, undefined];
    const proxy = await faultyProxy(server.uri, () => befalls[Math.floor(random.sample() * befalls.length)]);
    const through = trackingServer(proxy.uri, {}, folder) as TrackingServer;
    const sent = (): Promise<boolean> =>
      syncRun(run, through, { env: {}, signal: new AbortController().signal, firstMs: 1 }).then(
        () => true,
        () => false,
      );
    let tries = 1;
    while (!(await sent()) && tries < 20) tries += 1;
    await proxy.close();
    expect(Math.min(...Object.values(proxy.mishaps)), JSON.stringify({ tries, ...proxy.mishaps })).toBeGreaterThan(0);
    await expectAll('faults');
  });

  test(
    'has every row once though it was killed in the middle itself, and what a run did while it was away',
    { timeout: LONG },
    async () => {
      await madeRun(artifacts, { name: 'server', ...large });
      let offline: Awaited<ReturnType<typeof pipeline>> | undefined;
      await interruptedSync('server', async () => {
        await server.end('SIGKILL');
        offline = await pipeline('run', config('offline', 'offline'), ...small, '--set', 'split.folds=3');
        server = await startMlflow(store, port);
      });
      expect(offline?.code, offline?.stderr).toBe(0);
      expect(offline?.stderr).toMatch(
        /warning: \d+ events are not on MLflow: the tracking server cannot be reached \(ECONNREFUSED\)\. Send them with: pipeline sync offline/,
      );
      // The client may have been patient enough, or not.
      const { code, stderr } = await pipeline('sync', 'server', 'offline');
      expect(code, stderr).toBe(0);
      await expectAll('server');
      const runs = await readRuns(server.uri, 'offline');
      expect(runs.map(({ name, status }) => [name, status]).toSorted()).toEqual([
        ...[0, 1, 2].map((fold) => [`fold ${fold} · offline`, 'FINISHED']),
        ['offline', 'FINISHED'],
      ]);
      expect(await readHistory(server.uri, named(runs, 'fold 2 · offline').id, 'val/loss')).toHaveLength(2);
    },
  );

  test('is started by pipeline ui on a database of the project, with all runs, and ends with it', { timeout: LONG }, async () => {
    const own = join(folder, 'own');
    await madeRun(own);
    const child = spawn(process.execPath, [bin, 'ui', '--artifacts', own], {
      cwd: root,
      env: { ...process.env, MLFLOW_TRACKING_URI: '', PATH: `${mlflowBin}${delimiter}${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    while (child.exitCode === null && !/^MLflow: /m.test(stdout)) await sleep(100);
    const uri = /^MLflow: (\S+)$/m.exec(stdout)?.[1] ?? '';
    const runs = await readRuns(uri, 'tests').catch((error: unknown) => String(error));
    child.kill('SIGINT');
    expect(await closed, stderr).toBe(0);
    expect(runs).toHaveLength(3);
    expect(existsSync(join(own, 'mlflow', 'mlflow.db'))).toBe(true);
    await expect(fetch(`${uri}/health`)).rejects.toThrow();
  });
});

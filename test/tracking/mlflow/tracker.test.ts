import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readCheckpoint } from '../../../src/tracking/mlflow/checkpoint.ts';
import { trackingServer, type TrackingServer } from '../../../src/tracking/mlflow/server.ts';
import { syncRun } from '../../../src/tracking/mlflow/sync.ts';
import type { Notice } from '../../../src/core/events.ts';
import { openTracker, type Tracker } from '../../../src/tracking/mlflow/tracker.ts';
import { temporaryFolder } from '../../helpers/quickstart.ts';
import { fakeServer, type FakeServer } from './fake-server.ts';
import { foldRows, madeRun, type Made, type MadeOptions } from './journals.ts';

const root = temporaryFolder();
const times = { pollMs: 10, firstMs: 5, closeMs: 5000 };
let fake: FakeServer;
let artifacts: string;
let notices: Notice[];
let count = 0;
beforeEach(async () => {
  fake = await fakeServer();
  artifacts = join(root, String((count += 1)));
  notices = [];
});
afterEach(async () => {
  await fake.close();
  expect(fake.corrupted).toEqual([]);
  expect(fake.busiest()).toBeLessThanOrEqual(1);
});

const open = (env: Readonly<Record<string, string>> = { MLFLOW_TRACKING_URI: fake.uri }): Tracker =>
  openTracker(env, (notice) => notices.push(notice), times);
const made = (options: MadeOptions = {}): Promise<Made> => madeRun(artifacts, { pid: process.pid, ...options });
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000 });
const warnings = (): readonly string[] => notices.filter(({ level }) => level === 'warning').map(({ message }) => message);
const arrived = (): Readonly<Record<string, readonly [string, number]>> =>
  Object.fromEntries([...fake.runs.values()].map(({ name, status, metrics }) => [name, [status, metrics.size]]));
const whole = { made: ['FINISHED', 4], 'fold 0 · made': ['FINISHED', foldRows(3, 5)], 'fold 1 · made': ['FINISHED', foldRows(3, 5)] };
const follow = (tracker: Tracker, { folder, experiment }: Made): void => tracker.follow(folder, 'made', experiment.tracking.mlflow);

test('follows a journal while it grows, says where to look, and closes it', async () => {
  const run = await made();
  const journal = join(run.folder, 'journal.jsonl');
  writeFileSync(journal, `${run.lines[0] ?? ''}\n`);
  const tracker = open();
  follow(tracker, run);
  await until(() => expect(arrived()).toEqual({ made: ['RUNNING', 0] }));
  appendFileSync(journal, run.lines.slice(1, 12).map((line) => `${line}\n`).join(''));
  await until(() => expect(arrived()).toMatchObject({ 'fold 0 · made': ['RUNNING', 5 * 2 + 4 + 4] }));
  appendFileSync(journal, run.lines.slice(12).map((line) => `${line}\n`).join(''));
  await tracker.close();
  expect(arrived()).toEqual(whole);
  expect(notices).toEqual([
    { level: 'info', message: `MLflow shows it at ${fake.uri}/#/experiments/1/runs/run1?workflowType=machine_learning` },
  ]);
});

test('without a server, or where the experiment does not ask for it, does nothing and says nothing', async () => {
  const run = await made();
  const tracker = open({});
  follow(tracker, run);
  tracker.follow(run.folder, 'made', null);
  const other = open();
  other.follow(run.folder, 'made', null);
  await Promise.all([tracker.close(), other.close()]);
  expect(notices).toEqual([]);
  expect(fake.requests).toEqual([]);
});

test('of an address that is no server’s warns once, with the way to a server', async () => {
  const run = await made();
  const tracker = open({ MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db' });
  follow(tracker, run);
  follow(tracker, run);
  await tracker.close();
  expect(warnings()).toEqual([
    expect.stringContaining('mlflow server --host 127.0.0.1 --port 5000 --backend-store-uri sqlite:///mlflow.db'),
  ]);
});

test('a server that is away all the time costs a warning, no time, and no event', async () => {
  const run = await made();
  const server = trackingServer(fake.uri, {}, root) as TrackingServer;
  await fake.close();
  const tracker = open();
  follow(tracker, run);
  await until(() => expect(warnings()).toHaveLength(1));
  const began = performance.now();
  await tracker.close();
  expect(performance.now() - began).toBeLessThan(times.closeMs);
  expect(warnings()).toEqual([
    expect.stringContaining('cannot be reached (ECONNREFUSED)'),
    expect.stringMatching(new RegExp(`^${run.lines.length} events are not on MLflow.*pipeline sync made$`)),
  ]);

  const { port } = new URL(server.uri);
  fake = await fakeServer({ port: Number(port) });
  await syncRun(run.folder, server, { env: {}, signal: new AbortController().signal });
  expect(arrived()).toEqual(whole);
});

test('a server that comes back gets everything, and both are told once', async () => {
  fake.fault = () => ({ status: 503, body: '' });
  const tracker = open();
  follow(tracker, await made());
  await until(() => expect(warnings()).toHaveLength(1));
  await sleep(100);
  fake.fault = () => undefined;
  await until(() => expect(arrived()).toEqual(whole));
  await tracker.close();
  expect(notices.map(({ level, message }) => `${level} ${message.slice(0, 30)}`)).toEqual([
    'warning the tracking server answered 5',
    'info the tracking server is back',
    `info ${'MLflow shows it at http://127.0.0.1'.slice(0, 30)}`,
  ]);
});

test('a server that never answers holds the end up for no longer than it may', async () => {
  fake.fault = () => 'hang';
  const tracker = open();
  follow(tracker, await made());
  await sleep(50);
  const began = performance.now();
  await tracker.close();
  expect(performance.now() - began).toBeLessThan(times.closeMs + 2000);
  expect(warnings()).toEqual([expect.stringContaining('pipeline sync made')]);
});

test('a slow server gets what it can take in that time, and the rest is counted', async () => {
  const run = await made({ epochs: 400, steps: 20, folds: 1 });
  let batches = 0;
  fake.fault = (request) => (request.includes('log-batch') && (batches += 1) > 4 ? 'hang' : undefined);
  const tracker = open();
  follow(tracker, run);
  await until(() => expect(batches).toBe(5));
  await tracker.close();
  const left = Number(/^(\d+) events/.exec(warnings()[0] ?? '')?.[1]);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(run.lines.length);
});

test('a server that refuses for good is told once when it happens and once at the end', async () => {
  fake.fault = () => ({ status: 401, body: 'You are not authenticated' });
  const tracker = open();
  follow(tracker, await made());
  await until(() => expect(warnings()).toHaveLength(1));
  const requests = fake.requests.length;
  await sleep(100);
  expect(fake.requests).toHaveLength(requests);
  await tracker.close();
  expect(warnings()).toEqual([expect.stringContaining('MLFLOW_TRACKING_USERNAME'), expect.stringContaining('MLFLOW_TRACKING_USERNAME')]);
});

test('a run folder that disappears ends nothing but its upload', async () => {
  const run = await made();
  const tracker = open();
  follow(tracker, run);
  rmSync(run.folder, { recursive: true });
  await sleep(100);
  await expect(tracker.close()).resolves.toBeUndefined();
});

test('a run whose process was killed is ended on the server when the next one is followed', async () => {
  const killed = await made({ name: 'killed', end: 'killed', pid: process.pid });
  fake.fault = (request) => (request.endsWith('log-batch') ? 'hang' : undefined);
  const first = open();
  first.follow(killed.folder, 'killed', killed.experiment.tracking.mlflow);
  await until(() => expect(fake.runs.size).toBe(1));
  await first.close();
  fake.fault = () => undefined;
  const journal = join(killed.folder, 'journal.jsonl');
  writeFileSync(journal, readFileSync(journal, 'utf8').replace(`"pid":${process.pid}`, `"pid":${'9'.repeat(String(process.pid).length)}`));
  expect([...fake.runs.values()].find(({ name }) => name === 'killed')?.status).toBe('RUNNING');

  const next = open();
  follow(next, await made());
  await next.close();
  expect(arrived()).toMatchObject({
    ...whole,
    killed: ['KILLED', 0],
    'fold 0 · killed': ['FINISHED', foldRows(3, 5)],
    'fold 1 · killed': ['KILLED', foldRows(3, 5, false)],
  });
});

test('a run that the server will not have holds up no other', async () => {
  const [deleted, run] = [await made({ name: 'deleted', end: 'killed' }), await made()];
  const tracker = open();
  tracker.follow(deleted.folder, 'deleted', deleted.experiment.tracking.mlflow);
  // Not only its three runs: all that the journal holds so far.
  const server = trackingServer('env', { MLFLOW_TRACKING_URI: fake.uri }) as TrackingServer;
  await until(() => expect(readCheckpoint(deleted.folder, server).offset).toBe(statSync(join(deleted.folder, 'journal.jsonl')).size));
  for (const stored of fake.runs.values()) stored.isDeleted = true;
  appendFileSync(
    join(deleted.folder, 'journal.jsonl'),
    `${JSON.stringify({ v: 1, t: 1_700_000_900_000, type: 'run-failed', run: 'deleted', seconds: 1, error: 'x', interrupted: false })}\n`,
  );
  follow(tracker, run);
  await tracker.close();
  expect(arrived()).toMatchObject(whole);
  expect(warnings().at(-1)).toMatch(/^1 event is not on MLflow: .*'active' state.*pipeline sync deleted$/);
});

test('several runs go to their servers one request at a time, and one command has one run above them', async () => {
  const command = { id: 'c0ffee', name: 'a · b', size: 2 };
  const tracker = open();
  const followNext = async (name: string): Promise<void> => {
    const { folder, experiment } = await made({ name, command });
    tracker.follow(folder, name, experiment.tracking.mlflow);
  };
  const parents = () =>
    [...fake.runs.values()].filter(({ name }) => name === 'a · b').map(({ status, tags }) => [status, tags.get('ortrain.best_run')]);
  await followNext('a');
  await until(() => expect(parents()).toEqual([['RUNNING', 'a']]));
  await followNext('b');
  await tracker.close();
  expect(parents()).toEqual([['FINISHED', 'a']]);
  expect(fake.runs.size).toBe(7);
});

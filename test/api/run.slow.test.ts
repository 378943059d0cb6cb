import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  compare,
  defineExperiment,
  evaluate,
  openClassifier,
  plan,
  run,
  runAll,
  sweep,
  type RunEvent,
  type RunResult,
} from '../../src/index.ts';
import { root, temporaryFolder } from '../helpers/quickstart.ts';

/* A program's way from an object to predictions, in one process. */

const artifacts = temporaryFolder();
const quickstart = join(root, 'configs/quickstart');
/** Sixty rows of the quickstart. */
const train = join(artifacts, 'train.csv');
writeFileSync(train, readFileSync(join(quickstart, 'train.csv'), 'utf8').split('\n').slice(0, 61).join('\n'));

const experiment = defineExperiment({
  name: 'messages',
  data: { train, id: 'id', text: 'text', target: 'target' },
  model: { base: join(quickstart, 'model'), weights: 'random', max_seq_length: 32 },
  split: { folds: 2 },
  training: { epochs: 1, optimizer: { lr: 3e-3 } },
  tracking: { mlflow: {} },
  resources: { threads: 1 },
  baseline: false,
});

const printed: string[] = [];
const events: RunEvent[] = [];
let first: RunResult;

beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.stubEnv('MLFLOW_TRACKING_URI', 'http://127.0.0.1:9');
  vi.stubEnv('HF_HUB_CACHE', join(artifacts, 'no-cache'));
  const running = run(experiment, { artifacts });
  for await (const event of running) events.push(event);
  first = await running;
});

afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

it('trains, and tells what happens, as the journal has it', () => {
  expect(first.metrics?.oof['oof/accuracy']).toBeGreaterThan(0);
  expect(existsSync(join(first.folder, 'models/fold-1/config.json'))).toBe(true);
  const journal = readFileSync(join(first.folder, 'journal.jsonl'), 'utf8').trim().split('\n');
  expect(journal.map((line) => (JSON.parse(line) as RunEvent).type)).toEqual(events.map(({ type }) => type));
  const epochs = events.flatMap((event) => (event.type === 'task-event' && event.event.type === 'epoch' ? [event.event] : []));
  expect(epochs).toHaveLength(2);
});

it('prints nothing, and reads no setting from the environment', () => {
  expect(printed).toEqual([]);
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  expect(notices).toEqual([expect.stringMatching(/^computes on/)]);
  const environment: unknown = JSON.parse(readFileSync(join(first.folder, 'environment.json'), 'utf8'));
  expect(environment).toMatchObject({ git: null, commandLine: [] });
});

it('says what is left to do, compares, measures and opens what it has', async () => {
  const planned = await plan(experiment, { artifacts });
  expect(planned.tasks.every(({ cached }) => cached)).toBe(true);
  const other = await run(experiment, { artifacts, name: 'longer', overrides: { training: { epochs: 2 } } });
  expect(other.run).toBe('longer');
  const page = join(artifacts, 'compared.html');
  expect(await compare(['messages', 'longer'], { artifacts, report: page })).toMatchObject({ runs: ['messages', 'longer'], report: page });
  expect(readFileSync(page, 'utf8')).toContain('longer');
  await expect(compare(['messages'], { artifacts, report: join(artifacts, 'page.txt') })).rejects.toMatchObject({ code: 'usage' });
  const table = readFileSync(train);
  const measured = await evaluate('messages', table, { artifacts, by: ['length'] });
  expect(measured).toMatchObject({ run: 'messages', models: 2, classes: ['0', '1'] });
  expect(measured.metrics['accuracy']?.low).toBeLessThan(measured.metrics['accuracy']?.value ?? 0);
  expect(measured.slices.length).toBeGreaterThan(1);
  const classifier = await openClassifier('messages', { artifacts, task: 'classification' });
  expect((await classifier.classify(['the river rises']))[0]?.prediction).toMatch(/^[01]$/);
  await classifier.close();
});

it('stops where it is told to, and the same call resumes', async () => {
  const stopping = new AbortController();
  const longer = { ...experiment, name: 'stopped', training: { ...experiment.training, epochs: 4 } };
  const stopped = run(longer, {
    artifacts,
    signal: stopping.signal,
    onEvent: (event) => void (event.type === 'task-event' && event.event.type === 'epoch' && stopping.abort()),
  });
  await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
  expect(await run(longer, { artifacts })).toMatchObject({ run: 'stopped' });
});

it('runs several, and ends with the first that fails', async () => {
  const table = join(artifacts, 'bad.csv');
  writeFileSync(table, 'id,text,target\n1,a,x\n1,b,y\n');
  const bad = { ...experiment, name: 'bad', data: { ...experiment.data, train: table } };
  const outcomes = await runAll([experiment, bad, experiment], { artifacts });
  expect(outcomes.map((outcome) => ('error' in outcome ? 'failed' : outcome.run.executed))).toEqual([0, 'failed']);
});

describe('a sweep', () => {
  it('runs and ranks its experiments', async () => {
    const base = join(artifacts, 'base.yaml');
    const file = join(artifacts, 'rates.yaml');
    writeFileSync(base, JSON.stringify({ ...experiment, name: undefined }));
    writeFileSync(file, 'base: base.yaml\nparameters:\n  training.epochs: [1, 2]\n');
    const runs = new Set<string>();
    const { document, error } = await sweep('rates.yaml', { artifacts, cwd: artifacts, onEvent: (event) => runs.add(event.run) });
    expect(error).toBeUndefined();
    expect(document.ranking).toHaveLength(2);
    expect(runs.size).toBe(2);
  });
});

it('follows a server that the given variables name', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const events: RunEvent[] = [];
  const env = { MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}` };
  await run(experiment, { artifacts, env, onEvent: (event) => events.push(event) });
  server.close();
  expect(asked.length).toBeGreaterThan(0);
  expect(events).toContainEqual(expect.objectContaining({ type: 'notice', run: 'messages', level: 'warning' }));
});

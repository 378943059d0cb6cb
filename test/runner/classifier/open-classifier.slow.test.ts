import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClassifier, type AnyClassifier, type ClassifierOptions } from '../../../src/index.ts';
import { runExperiment } from '../../../src/runner/index.ts';
import { exportRun } from '../../../src/runner/exports/index.ts';
import { predictTexts } from '../../../src/runner/models/index.ts';
import { readRun, type StoredRun } from '../../../src/runner/stored/index.ts';
import { root, smallQuickstart, temporaryFolder } from '../../helpers/quickstart.ts';

/* Real runs, opened in real processes. What they must say is what `predictTexts` says, up to float32's rounding in other batches. */

const artifacts = temporaryFolder();
const texts = ['Flood water rising fast on Mill Lane', 'my inbox is flooded', '', 'storm '.repeat(60)];
const opened: AnyClassifier[] = [];

let run: StoredRun;
let expected: Float64Array;

beforeAll(async () => {
  const settings = ['training.epochs=3', 'training.optimizer.lr=0.003', 'training.refit=true'];
  const { run: name } = await runExperiment(await smallQuickstart(...settings), { artifacts, device: 'cpu' }, () => {});
  run = readRun(artifacts, name);
  expected = (await predictTexts(run, texts, {}, () => {})).predictions.numbers;
});

afterAll(async () => {
  await Promise.all(opened.map((each) => each.close()));
});

async function open(model: string, options: ClassifierOptions = {}): Promise<AnyClassifier> {
  const classifier = await openClassifier(model, { artifacts, ...options });
  opened.push(classifier);
  return classifier;
}

async function probabilities(classifier: AnyClassifier, of: readonly string[] = texts): Promise<readonly number[]> {
  if (classifier.task !== 'classification') throw new Error(`it has the task ${classifier.task}`);
  return (await classifier.classify(of)).map((each) => each.probabilities['1'] ?? NaN);
}

function farthest(a: readonly number[], b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? NaN))));
}

describe('a classifier of a run', () => {
  it('says what predict says, by the name of the run and by its folder', async () => {
    for (const name of [run.name, run.folder]) {
      const classifier = await open(name);
      expect(farthest(await probabilities(classifier), expected)).toBeLessThan(1e-6);
      expect(classifier.describe()).toMatchObject({ kind: 'run', name: run.name, targets: ['0', '1'], pairs: false, maxLength: 32 });
    }
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.01);
  });

  it('is the mean of the folds that are chosen, or one of them', async () => {
    const both = await open(run.name, { folds: [0, 1] });
    const [first, second] = [await open(run.name, { folds: [0] }), await open(join(run.folder, 'models/fold-1'))];
    const [a, b] = [await probabilities(first), await probabilities(second)];
    expect(farthest(await probabilities(both), a.map((p, i) => (p + (b[i] ?? NaN)) / 2))).toBeLessThan(1e-6);
    expect(farthest(a, b)).toBeGreaterThan(1e-4);
    expect(second.describe().models.map(({ name }) => name)).toEqual(['fold-1']);
    expect((await open(run.name, { folds: ['all'] })).describe().models.map(({ name }) => name)).toEqual(['all']);
    await expect(open(run.name, { folds: [2] })).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('fold 2') });
  });

  it('is what its exports are', async () => {
    for (const format of ['onnx', 'huggingface'] as const) {
      const { folder } = await exportRun(run, { to: join(artifacts, format), format, alsoIn: [], fold: 0 }, () => {});
      const fold = await probabilities(await open(run.name, { folds: [0] }));
      const exported = await open(folder);
      expect(farthest(await probabilities(exported), fold)).toBeLessThan(1e-5);
      expect(exported.describe()).toMatchObject({ kind: 'folder', targets: ['0', '1'], maxLength: 32 });
    }
    const file = await open(join(artifacts, 'onnx/onnx/model.onnx'));
    expect(Object.keys(file.describe().models[0]?.files ?? {})).toContain('onnx/model.onnx');
  });

  it('answers several calls in their order, and drops those that are aborted', async () => {
    const classifier = await open(run.name);
    const stopping = new AbortController();
    const calls = [classifier.classify(texts), classifier.classify(texts, { signal: stopping.signal }), classifier.classify(texts.slice(1))];
    stopping.abort();
    await expect(calls[1]).rejects.toMatchObject({ code: 'interrupted' });
    expect((await calls[2])?.length).toBe(3);
    expect(await classifier.classify([])).toEqual([]);
    await expect(classifier.classify(texts, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('refuses what is no text, and everything once it is closed', async () => {
    const classifier = await open(run.name);
    await expect(classifier.classify([7 as unknown as string])).rejects.toMatchObject({ code: 'usage', subject: 'texts[0]' });
    await expect(classifier.classify(Array<string>(1))).rejects.toMatchObject({ code: 'usage', subject: 'texts[0]' });
    await expect(classifier.classify([['a', 'b']])).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('pair') });
    const late = classifier.classify(texts);
    await classifier[Symbol.asyncDispose]();
    await expect(late).rejects.toMatchObject({ code: 'interrupted' });
    await expect(classifier.classify(texts)).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('leaves the event loop free while it computes', async () => {
    const classifier = await open(run.name);
    await classifier.classify(texts);
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const started = performance.now();
    await classifier.classify(Array.from({ length: 6000 }, (_, i) => `${i} ${texts[i % 2]}`));
    clearInterval(timer);
    expect(performance.now() - started).toBeGreaterThan(4 * longest);
  });
});

it('names the runs that there are where there is nothing of that name', async () => {
  await expect(open('./no/such')).rejects.toMatchObject({ code: 'usage', remedy: expect.stringContaining(run.name) });
  await expect(open(run.name, { task: 'regression' })).rejects.toMatchObject({ code: 'usage', subject: 'task' });
});

it('refuses a model that was changed after the run', async () => {
  const copy = join(artifacts, 'runs', 'copy');
  spawnSync('cp', ['-r', run.folder, copy]);
  appendFileSync(join(copy, 'models/fold-1/model.safetensors'), 'x');
  await expect(open('copy')).rejects.toMatchObject({ code: 'data', message: expect.stringContaining('model.safetensors') });
  await expect(open('copy', { folds: [0] })).resolves.toBeDefined();
});

it('does not keep a program alive that is done with it', async () => {
  const script = join(artifacts, 'program.mjs');
  const [tsx, index] = [import.meta.resolve('tsx'), join(root, 'src/index.ts')];
  writeFileSync(
    script,
    `const { openClassifier } = await import(${JSON.stringify(index)});
     const classifier = await openClassifier(${JSON.stringify(run.folder)});
     console.log(JSON.stringify(await classifier.classify(['a storm'])));`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', tsx, script], { encoding: 'utf8', cwd: artifacts });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject([{ prediction: expect.any(String) }]);
});

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { columnOf, readTable } from '../../src/data/tables/index.ts';
import { explainExperiment, runExperiment } from '../../src/runner/index.ts';
import { planExperiment } from '../../src/runner/plan/index.ts';
import { exportRun } from '../../src/runner/exports/index.ts';
import { predictTexts } from '../../src/runner/models/index.ts';
import { readRun, type StoredRun } from '../../src/runner/stored/index.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

/* Whole runs whose lowest layer is frozen: computed once and read from the cache, or with every step. */

const artifacts = temporaryFolder();
const SAME = 1e-5;

/** The shipped pipeline without `encode`: frozen layers are then computed in every step. */
const withoutCache = join(artifacts, 'without-cache.yaml');
writeFileSync(
  withoutCache,
  readFileSync(join(root, 'pipelines/text-classification.yaml'), 'utf8').replace(/ {2}- stage: encode.*\n.*when:.*\n/, ''),
);

async function runWith(name: string, ...set: readonly string[]): Promise<StoredRun> {
  const lively = ['training.epochs=2', 'training.optimizer.lr=0.01', `name=${name}`];
  const { run } = await runExperiment(await smallQuickstart(...lively, ...set), { artifacts, device: 'cpu' }, () => {});
  return readRun(artifacts, run);
}

async function probabilities(run: StoredRun, file: string): Promise<readonly number[]> {
  return columnOf(await readTable(join(run.folder, file)), 'probability')!.map(Number);
}

function difference(a: readonly number[], b: ArrayLike<number>): number {
  expect(a.length).toBeGreaterThan(0);
  expect(a.length).toBeLessThanOrEqual(b.length);
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}

describe('a run with a frozen layer', () => {
  it('gives the same as without the cache, where this is float32, and nearly the same where it is float16', async () => {
    const frozen = ['model.freeze.layers=1', 'model.pooling=last4'];
    const cached = await runWith('cached', ...frozen, 'model.freeze.store=float32');
    const plain = await runWith('plain', ...frozen, `pipeline=${withoutCache}`);
    const half = await runWith('half', ...frozen);
    const all = await runWith('all', 'model.pooling=last4');
    for (const file of ['oof.csv', 'predictions.csv']) {
      const expected = await probabilities(plain, file);
      expect(difference(await probabilities(cached, file), expected)).toBeLessThan(SAME);
      expect(difference(await probabilities(half, file), expected)).toBeLessThan(5e-3); // float16 keeps 11 bits
      expect(difference(await probabilities(half, file), expected)).toBeGreaterThan(0);
      expect(difference(await probabilities(all, file), expected)).toBeGreaterThan(1e-3);
    }
  });

  it('has whole models that share the frozen part, predict the same, and export', async () => {
    const run = await readRun(artifacts, 'cached');
    const bytes = (fold: number, name: string): Buffer => readFileSync(join(run.folder, 'models', `fold-${fold}`, name));
    const [frozen, own] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
    expect(bytes(0, frozen).equals(bytes(1, frozen))).toBe(true);
    expect(bytes(0, own).equals(bytes(1, own))).toBe(false);
    const texts = columnOf(await readTable(join(root, 'configs/quickstart/test.csv')), 'text')!.slice(0, 12);
    const { predictions } = await predictTexts(run, texts, {}, () => {});
    expect(difference([...predictions.numbers], await probabilities(run, 'predictions.csv'))).toBeLessThan(SAME);
    const { files } = await exportRun(run, { to: join(artifacts, 'exported'), format: 'huggingface', alsoIn: [], fold: 0 }, () => {});
    expect(files[0]!.maxDifference).toBeLessThan(SAME);
  });

  it('is planned and explained', async () => {
    const loaded = await smallQuickstart('model.freeze.layers=1', 'training.epochs=3', 'name=planned');
    const { tasks } = await planExperiment(loaded, { artifacts, device: 'cpu' });
    const encode = tasks.find(({ stage }) => stage === 'encode')!;
    expect(encode.detail).toContain('the lowest layer of 2 run once for each text, not 6 times (3 epochs in 2 folds)');
    expect(encode.tokens!.count * 2 * 64).toBeLessThan(encode.diskBytes!);
    const { frozen, trained, encoding } = await explainExperiment(loaded, { artifacts, device: 'cpu' });
    expect(encoding[0]!.operations).toBeGreaterThan(0);
    const whole = await explainExperiment(await smallQuickstart(), { artifacts, device: 'cpu' });
    expect(frozen.count + trained.count).toBe(whole.trained.count);
  });
});

it('attention over the tokens of a frozen encoder reads them from the cache', async () => {
  const run = await runWith('attention', 'model.pooling=attention', 'model.freeze_encoder=true', 'model.freeze.store=float32');
  const texts = columnOf(await readTable(join(root, 'configs/quickstart/test.csv')), 'text')!.slice(0, 12);
  const { predictions } = await predictTexts(run, texts, {}, () => {});
  expect(difference([...predictions.numbers], await probabilities(run, 'predictions.csv'))).toBeLessThan(SAME);
  expect(statSync(join(run.folder, 'models/fold-0/model.safetensors')).ino).toBe(
    statSync(join(run.folder, 'models/fold-1/model.safetensors')).ino,
  );
});

it('more layers than there are cannot be frozen', async () => {
  await expect(runWith('deep', 'model.freeze.layers=3')).rejects.toMatchObject({
    code: 'config',
    problems: [{ message: 'model.freeze.layers is 3, and the model has 2 layers' }],
  });
});

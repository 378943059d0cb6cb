import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import { describe, expect, it } from 'vitest';
import { openTensorFile } from '../../src/data/hub/index.ts';
import { columnOf, readTable } from '../../src/data/tables/index.ts';
import { runExperiment } from '../../src/runner/index.ts';
import { exportRun } from '../../src/runner/exports/index.ts';
import { predictTexts } from '../../src/runner/models/index.ts';
import { readRun, type StoredRun } from '../../src/runner/stored/index.ts';
import { root, smallQuickstart, temporaryFolder } from '../helpers/quickstart.ts';

/* Whole runs with other poolings than the encoder's own: what is saved predicts and exports what the run computed. */

env.allowRemoteModels = false;
const artifacts = temporaryFolder();
/** The same products in batches of other sizes. */
const SAME = 1e-5;

async function runWith(...set: readonly string[]): Promise<StoredRun> {
  const { run } = await runExperiment(await smallQuickstart(...set), { artifacts, device: 'cpu' }, () => {});
  return readRun(artifacts, run);
}

describe.each([
  ['attention', ['model.head.dense=[8]']],
  ['weighted', ['model.freeze_encoder=true', 'training.optimizer.lr=0.01']],
] as const)('a run with the pooling %s', (pooling, more) => {
  it('has fold models that predict what the run predicted, and that tools without this pooling do not take for classifiers', async () => {
    const run = await runWith(`name=${pooling}`, `model.pooling=${pooling}`, ...more);
    const folder = join(run.folder, 'models', 'fold-0');
    const files = ['config.json', 'head.safetensors', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
    expect(readdirSync(folder).sort()).toEqual(files);
    const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as { readonly ortrain: object };
    expect(config).toMatchObject({ architectures: ['BertModel'], ortrain: { pooling } });
    const names = (file: string): readonly string[] => [...openTensorFile(join(folder, file)).entries.keys()];
    expect(names('model.safetensors').every((name) => name.startsWith('bert.') && !name.includes('pooler'))).toBe(true);
    expect(names('head.safetensors').every((name) => /^(classifier|pooling)\./.test(name))).toBe(true);
    const inode = (fold: number): number => statSync(join(run.folder, 'models', `fold-${fold}`, 'model.safetensors')).ino;
    expect(inode(0) === inode(1)).toBe(run.experiment.model.freeze_encoder);

    const test = await readTable(join(root, 'configs/quickstart/test.csv'));
    const texts = columnOf(test, String(run.experiment.data.text))!.slice(0, 16);
    const { predictions } = await predictTexts(run, texts, {}, () => {});
    const own = columnOf(await readTable(join(run.folder, 'predictions.csv')), 'probability')!;
    texts.forEach((_, i) => expect(Math.abs(predictions.numbers[i]! - Number(own[i]))).toBeLessThan(SAME));
  });
});

describe('a run with the pooling attention', () => {
  it('exports to ONNX, which transformers.js runs, and as a model directory', async () => {
    const run = await readRun(artifacts, 'attention');
    const onnx = await exportRun(run, { to: join(artifacts, 'portable'), format: 'onnx', alsoIn: ['int8'], fold: 1 }, () => {});
    expect(onnx.files[0]!.maxDifference).toBeLessThan(SAME);
    const copy = await exportRun(run, { to: join(artifacts, 'copy'), format: 'huggingface', alsoIn: [], fold: 1 }, () => {});
    expect(copy.files[0]!.maxDifference).toBeLessThan(SAME);
    expect(readdirSync(copy.folder)).toContain('head.safetensors');

    const classify = await pipeline('text-classification', join(artifacts, 'portable'), { dtype: 'fp32' });
    const own = await predictTexts(run, ['a calm day'], {}, () => {});
    const said = (await classify('a calm day', { top_k: 2 } as object)) as readonly { readonly label: string; readonly score: number }[];
    expect(said).toHaveLength(2);
    // The run's number is the mean of two folds; the export is of one of them.
    const other = await exportRun(run, { to: join(artifacts, 'other'), format: 'onnx', alsoIn: [], fold: 0 }, () => {});
    const second = await pipeline('text-classification', other.folder, { dtype: 'fp32' });
    const positive = (answer: typeof said): number => answer.find(({ label }) => label === '1')!.score;
    const both = [said, (await second('a calm day', { top_k: 2 } as object)) as typeof said].map(positive);
    expect(Math.abs((both[0]! + both[1]!) / 2 - own.predictions.numbers[0]!)).toBeLessThan(SAME);
  });
});

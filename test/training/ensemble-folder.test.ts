import { statSync } from 'node:fs';
import { join } from 'node:path';
import { env, pipeline } from '@huggingface/transformers';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer, tokenize, type TokenSet } from '../../src/data/tokens/tokens.ts';
import { tokenizerFiles } from '../../src/data/tokenizer/files.ts';
import { ensemblePredictions } from '../../src/training/ensemble.ts';
import { writePortableFolder } from '../../src/training/folders/portable-folder.ts';
import { portablePredictions } from '../../src/training/folders/portable-predictions.ts';
import { openTask, type Task } from '../../src/tasks/index.ts';
import { temporaryFolder } from '../helpers/quickstart.ts';
import { modelFolder } from './model-folder.ts';

/* Several models with random weights as one ONNX file, against the mean of their own predictions. */

env.allowRemoteModels = false;
const texts = ['Flood water rising fast on Mill Lane', 'my inbox is flooded', 'Fire!', 'the whole team collapsed after the second half'];
const speed = { device: 'cpu', threads: 1, batchSize: 3 } as const;
const root = temporaryFolder();
const head = { dense: [], dropout: 0.1, activation: 'none' } as const;

/** Loud logits, so that the mean of probabilities is far from that of the logits. */
const tasks: Readonly<Record<string, Task>> = {
  'two classes': openTask({ classes: ['no', 'yes'] }),
  'three classes': openTask({ classes: ['calm', 'fire', 'flood'] }),
  labels: openTask({ task: 'multi-label', labels: ['a', 'b'] }),
  numbers: openTask({ task: 'regression', columns: ['x', 'y'], mean: [3, -100], sd: [2, 50] }),
  'numbers between 0 and 1': openTask({ task: 'regression', columns: ['x'], mean: [0.5], sd: [0.1], bounded: true }),
  grades: openTask({ task: 'ordinal', grades: ['1', '2', '3', '5'], counts: [5, 9, 7, 3] }),
};

async function tokensFor(model: string): Promise<TokenSet> {
  return tokenize(await loadTokenizer(tokenizerFiles(model)), texts, 32);
}

describe.each(Object.entries(tasks))('an ensemble for %s', (name, task) => {
  const models = [3, 4, 5].map((seed) => modelFolder(join(root, name, String(seed)), 'bert', { head, task }, { seed }));
  let tokens: TokenSet;
  let mean: Float64Array;
  beforeAll(async () => {
    tokens = await tokensFor(models[0]!);
    mean = (await ensemblePredictions(models, { kind: 'tokens', tokens }, speed, () => {})).numbers;
  });

  it('predicts the mean of what its models predict', async () => {
    const folder = join(root, name, 'portable');
    await writePortableFolder(folder, models, ['float32']);
    const { numbers } = await portablePredictions(join(folder, 'onnx/model.onnx'), tokens, task.published, speed, () => {});
    const scale = Math.max(1, ...mean.map(Math.abs));
    expect(numbers.length).toBe(mean.length);
    numbers.forEach((number, i) => expect(number / scale).toBeCloseTo(mean[i]! / scale, 6));
    const first = (await ensemblePredictions(models.slice(0, 1), { kind: 'tokens', tokens }, speed, () => {})).numbers;
    expect(Math.max(...first.map((number, i) => Math.abs(number - mean[i]!)))).toBeGreaterThan(1e-3);
  });
});

it('an ensemble is what transformers.js opens as any other model', async () => {
  const folder = join(root, 'three classes', 'portable');
  const models = [3, 4, 5].map((seed) => join(root, 'three classes', String(seed), 'model'));
  const own = await ensemblePredictions(models, { kind: 'tokens', tokens: await tokensFor(models[0]!) }, speed, () => {});
  const classify = await pipeline('text-classification', folder, { dtype: 'fp32', local_files_only: true });
  const answers = (await classify([...texts], { top_k: null })) as unknown as readonly (readonly { label: string; score: number }[])[];
  await classify.dispose();
  answers.forEach((answer, row) =>
    ['calm', 'fire', 'flood'].forEach((label, k) =>
      expect(answer.find((one) => one.label === label)?.score).toBeCloseTo(own.numbers[row * 3 + k]!, 5),
    ),
  );
});

it('an encoder that the models share is in the file once', async () => {
  const task = tasks['three classes']!;
  const folders = (shared: boolean): readonly string[] =>
    [6, 7, 8].map((seed) => modelFolder(join(root, `shared-${shared}`, String(seed)), 'bert', { head, task }, { seed, shared }));
  const bytesOf = async (name: string, models: readonly string[]): Promise<number> => {
    await writePortableFolder(join(root, name), models, ['float32', 'int8']);
    return statSync(join(root, name, 'onnx/model.onnx')).size + statSync(join(root, name, 'onnx/model_quantized.onnx')).size;
  };
  const one = await bytesOf('one', folders(true).slice(0, 1));
  const shared = await bytesOf('shared', folders(true));
  expect(shared - one).toBeLessThan(8000); // heads, and the nodes that average
  expect(await bytesOf('apart', folders(false))).toBeGreaterThan(2.5 * one);
  const tokens = await tokensFor(folders(true)[0]!);
  const own = await ensemblePredictions(folders(true), { kind: 'tokens', tokens }, speed, () => {});
  const { numbers } = await portablePredictions(join(root, 'shared', 'onnx/model.onnx'), tokens, task.published, speed, () => {});
  numbers.forEach((p, i) => expect(p).toBeCloseTo(own.numbers[i]!, 6));
});
